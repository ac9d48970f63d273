import { toNumber } from "../coerce.ts";
import { interpret } from "../interpret.ts";
import type { Operator } from "./index.ts";
import { asList, atLeast } from "./arguments.ts";

/** `+`: the sum; a bare argument becomes a number. */
export const plus: Operator = (args, data, run) => {
  const values = interpret(args, data, run);
  if (!Array.isArray(values)) return toNumber(values);
  return values.length === 1
    ? toNumber(values[0])
    : values.reduce<number>((sum, value) => sum + toNumber(value), 0);
};

/** `*`: the product; 1 of nothing. */
export const multiply: Operator = (args, data, run) =>
  asList("*", interpret(args, data, run)).reduce<number>((product, value) => product * toNumber(value), 1);

/** `-`: the first minus all others; one alone is negated. */
export const minus: Operator = (args, data, run) => {
  const values = asList("-", interpret(args, data, run));
  if (values.length === 1) return -toNumber(values[0]);
  return values.length === 0 ? 0 : fold(values, (a, b) => a - b);
};

/** `/`: the first divided by all others. */
export const divide: Operator = (args, data, run) => {
  const values = asList("/", interpret(args, data, run));
  return values.length === 0 ? 0 : fold(values, (a, b) => a / b);
};

/** `%`: the remainder of two, with the sign of the first. */
export const modulo: Operator = (args, data, run) => {
  const [a, b] = atLeast("%", interpret(args, data, run), 2);
  return toNumber(a) % toNumber(b);
};

/** `max`: the greatest; null of nothing. */
export const max: Operator = (args, data, run) => {
  const values = asList("max", interpret(args, data, run));
  return values.length === 0 ? null : fold(values, (a, b) => (b > a ? b : a));
};

/** `min`: the least; null of nothing. */
export const min: Operator = (args, data, run) => {
  const values = asList("min", interpret(args, data, run));
  return values.length === 0 ? null : fold(values, (a, b) => (a > b ? b : a));
};

/** `abs`: of a number or of the first in a list. */
export const abs: Operator = (args, data, run) => {
  const values = interpret(args, data, run);
  return Math.abs(toNumber(Array.isArray(values) ? atLeast("abs", values, 1)[0] : values));
};

function fold(values: readonly unknown[], combine: (a: number, b: number) => number): number {
  let result = toNumber(values[0]);
  for (let i = 1; i < values.length; i++) result = combine(result, toNumber(values[i]));
  return result;
}
