import {
  isEqual,
  isLess,
  isLessOrEqual,
  isOrdered,
  isStrictEqual,
} from "../evaluate/operators/comparison.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

type Relation = (a: unknown, b: unknown) => boolean;

const equalities: ReadonlyMap<string, readonly [Relation, boolean]> = new Map([
  ["==", [isEqual, true]],
  ["!=", [isEqual, false]],
  ["===", [isStrictEqual, true]],
  ["!==", [isStrictEqual, false]],
]);

const orders: ReadonlyMap<string, Relation> = new Map<string, Relation>([
  ["<", isLess],
  ["<=", isLessOrEqual],
  [">", (a, b) => isLess(b, a)],
  [">=", (a, b) => isLessOrEqual(b, a)],
]);

/** Comparisons of two, and orders of three. */
export function compileComparison(name: string): (args: readonly Code[]) => Closure | undefined {
  const equality = equalities.get(name);
  const order = orders.get(name);
  return (args) => {
    if (equality !== undefined) return args.length === 2 ? compileEquality(args, ...equality) : undefined;
    return order === undefined || args.length < 2 || args.length > 3 ? undefined : compileOrder(args, order);
  };
}

function compileEquality(args: readonly Code[], relation: Relation, expected: boolean): Closure {
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

function compileOrder(args: readonly Code[], relation: Relation): Closure {
  const [a, b, c] = args.map(toClosure) as [Closure, Closure, Closure | undefined];
  if (c === undefined) return (context, run) => relation(a(context, run), b(context, run));
  return (context, run) => isOrdered([a(context, run), b(context, run), c(context, run)], relation);
}
