import {
  isEqual,
  isLess,
  isLessOrEqual,
  isOrdered,
  isStrictEqual,
} from "../evaluate/operators/comparison.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

type Relation = (a: unknown, b: unknown) => boolean;

/** Compiles one comparison from its compiled arguments; undefined where only the general way is exact. */
type Comparison = (args: readonly Code[]) => Closure | undefined;

/** Comparisons of two, and orders of three, by their names. */
export const comparisons: readonly (readonly [name: string, compile: Comparison])[] = [
  ["==", (args) => compileEquality(args, isEqual, true)],
  ["!=", (args) => compileEquality(args, isEqual, false)],
  ["===", (args) => compileEquality(args, isStrictEqual, true)],
  ["!==", (args) => compileEquality(args, isStrictEqual, false)],
  ["<", (args) => compileOrder(args, isLess)],
  ["<=", (args) => compileOrder(args, isLessOrEqual)],
  [">", (args) => compileOrder(args, (a, b) => isLess(b, a))],
  [">=", (args) => compileOrder(args, (a, b) => isLessOrEqual(b, a))],
];

/** Whether two values are as equal as expected; a literal text is compared with a text at once, `relation` is not asked. */
export function compileEquality(
  args: readonly Code[],
  relation: Relation,
  expected: boolean,
): Closure | undefined {
  if (args.length !== 2) return undefined;
  const [left, right] = args as readonly [Code, Code];
  const a = toClosure(left);
  if (right.kind === "constant" && typeof right.value === "string") {
    const text = right.value;
    return (context, run) => {
      const value = a(context, run);
      return (typeof value === "string" ? value === text : relation(value, text)) === expected;
    };
  }
  const b = toClosure(right);
  return (context, run) => relation(a(context, run), b(context, run)) === expected;
}

function compileOrder(args: readonly Code[], relation: Relation): Closure | undefined {
  if (args.length < 2 || args.length > 3) return undefined;
  const [a, b, c] = args.map(toClosure) as [Closure, Closure, Closure | undefined];
  if (c === undefined) return (context, run) => relation(a(context, run), b(context, run));
  return (context, run) => isOrdered([a(context, run), b(context, run), c(context, run)], relation);
}
