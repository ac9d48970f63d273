import { toNumber } from "../coerce.ts";
import { asList, atLeast } from "./arguments.ts";
import type { EagerOperator, Operators } from "./operator.ts";

/** The first combined with each that follows; of nothing, what is given. */
function folded<Nothing extends number | null>(
  name: string,
  ofNothing: Nothing,
  combine: (a: number, b: number) => number,
): (args: unknown) => number | Nothing {
  return (args) => {
    const [first, ...others] = asList(name, args).map(toNumber);
    return first === undefined ? ofNothing : others.reduce(combine, first);
  };
}

// Two negative zeros make a positive one: Go begins with 0.
const add = folded("+", 0, (a, b) => a + b + 0);
const subtract = folded("-", 0, (a, b) => a - b);

/** Arithmetic on numbers, and on texts as the numbers they are. */
export const arithmetic: Operators<EagerOperator> = {
  /** The sum; a bare argument becomes a number. */
  "+": (args) => (Array.isArray(args) ? add(args) : toNumber(args)),
  /** The first minus all others; one alone is negated. */
  "-": (args) => (Array.isArray(args) && args.length === 1 ? -toNumber(args[0]) : subtract(args)),
  /** The product; 1 of nothing. */
  "*": folded("*", 1, (a, b) => a * b),
  /** The first divided by all others. */
  "/": folded("/", 0, (a, b) => a / b),
  /** The remainder of two, with the sign of the first. */
  "%": (args) => {
    const [a, b] = atLeast("%", args, 2);
    return toNumber(a) % toNumber(b);
  },
  /** The greatest; null of nothing. */
  max: folded("max", null, (a, b) => (b > a ? b : a)),
  /** The least; null of nothing. */
  min: folded("min", null, (a, b) => (a > b ? b : a)),
  /** The amount of a number, or of the first in a list. */
  abs: (args) => Math.abs(toNumber(Array.isArray(args) ? atLeast("abs", args, 1)[0] : args)),
};
