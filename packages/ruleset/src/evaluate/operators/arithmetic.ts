import { toNumber } from "../coerce.ts";
import type { EagerOperator } from "./operator.ts";
import { asList, atLeast } from "./arguments.ts";

/** `+`: the sum; a bare argument becomes a number. */
export const plus: EagerOperator = (values) => {
  if (!Array.isArray(values)) return toNumber(values);
  return values.length === 1
    ? toNumber(values[0])
    : values.reduce<number>((sum, value) => sum + toNumber(value), 0);
};

/** `*`: the product; 1 of nothing. */
export const multiply: EagerOperator = (args) =>
  asList("*", args).reduce<number>((product, value) => product * toNumber(value), 1);

/** `-`: the first minus all others; one alone is negated. */
export const minus: EagerOperator = (args) => {
  const values = asList("-", args);
  if (values.length === 1) return -toNumber(values[0]);
  return values.length === 0 ? 0 : fold(values, (a, b) => a - b);
};

/** `/`: the first divided by all others. */
export const divide: EagerOperator = (args) => {
  const values = asList("/", args);
  return values.length === 0 ? 0 : fold(values, (a, b) => a / b);
};

/** `%`: the remainder of two, with the sign of the first. */
export const modulo: EagerOperator = (args) => {
  const [a, b] = atLeast("%", args, 2);
  return toNumber(a) % toNumber(b);
};

/** `max`: the greatest; null of nothing. */
export const max: EagerOperator = (args) => {
  const values = asList("max", args);
  return values.length === 0 ? null : fold(values, (a, b) => (b > a ? b : a));
};

/** `min`: the least; null of nothing. */
export const min: EagerOperator = (args) => {
  const values = asList("min", args);
  return values.length === 0 ? null : fold(values, (a, b) => (a > b ? b : a));
};

/** `abs`: of a number or of the first in a list. */
export const abs: EagerOperator = (values) => {
  return Math.abs(toNumber(Array.isArray(values) ? atLeast("abs", values, 1)[0] : values));
};

function fold(values: readonly unknown[], combine: (a: number, b: number) => number): number {
  let result = toNumber(values[0]);
  for (let i = 1; i < values.length; i++) result = combine(result, toNumber(values[i]));
  return result;
}
