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

/** The first combined with each that follows; of nothing, what is given. */
function folded(
  name: string,
  ofNothing: number | null,
  combine: (a: number, b: number) => number,
): EagerOperator {
  return (args) => {
    const values = asList(name, args);
    if (values.length === 0) return ofNothing;
    let result = toNumber(values[0]);
    for (let i = 1; i < values.length; i++) result = combine(result, toNumber(values[i]));
    return result;
  };
}

/** `*`: the product; 1 of nothing. */
export const multiply: EagerOperator = folded("*", 1, (a, b) => a * b);

const subtract = folded("-", 0, (a, b) => a - b);

/** `-`: the first minus all others; one alone is negated. */
export const minus: EagerOperator = (args, data, run, rule) =>
  Array.isArray(args) && args.length === 1 ? -toNumber(args[0]) : subtract(args, data, run, rule);

/** `/`: the first divided by all others. */
export const divide: EagerOperator = folded("/", 0, (a, b) => a / b);

/** `%`: the remainder of two, with the sign of the first. */
export const modulo: EagerOperator = (args) => {
  const [a, b] = atLeast("%", args, 2);
  return toNumber(a) % toNumber(b);
};

/** `max`: the greatest; null of nothing. */
export const max: EagerOperator = folded("max", null, (a, b) => (b > a ? b : a));

/** `min`: the least; null of nothing. */
export const min: EagerOperator = folded("min", null, (a, b) => (a > b ? b : a));

/** `abs`: of a number or of the first in a list. */
export const abs: EagerOperator = (values) => {
  return Math.abs(toNumber(Array.isArray(values) ? atLeast("abs", values, 1)[0] : values));
};
