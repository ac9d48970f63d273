import { toComparable } from "../coerce.ts";
import { asList } from "./arguments.ts";
import type { EagerOperator, Operators } from "./operator.ts";

type Relation = (a: unknown, b: unknown) => boolean;

/** `==`: null equals only null; two texts compare as texts; everything else as numbers. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined) return b === null || b === undefined;
  if (b === null || b === undefined) return false;
  return typeof a === "string" && typeof b === "string" ? a === b : toComparable(a) === toComparable(b);
}

/** `===`: as `==`, but only within one type; lists and objects never equal anything. */
export function isStrictEqual(a: unknown, b: unknown): boolean {
  return isEqual(a, b) && typeof (a ?? null) === typeof (b ?? null);
}

/** `<`: two texts by code point, as their UTF-8 bytes sort; everything else as numbers. */
export function isLess(a: unknown, b: unknown): boolean {
  if (typeof a === "string" && typeof b === "string") return isTextLess(a, b);
  return toComparable(a) < toComparable(b);
}

/** `<=`: less or equal, hence null <= null. */
export function isLessOrEqual(a: unknown, b: unknown): boolean {
  return isLess(a, b) || isEqual(a, b);
}

/** JavaScript sorts by UTF-16 unit, which puts U+10000 and beyond before U+E000. */
function isTextLess(a: string, b: string): boolean {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return sortKey(a, i) < sortKey(b, i);
}

/** Places the unit at an index among code points; the end of the text comes first. */
function sortKey(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit + 1 || 0;
}

function isPair(list: readonly unknown[], relation: Relation): boolean {
  return list.length >= 2 && relation(list[0], list[1]);
}

/** With exactly three arguments the middle one lies between; further arguments are ignored. */
function ordered(name: string, relation: Relation): EagerOperator {
  return (args) => isOrdered(asList(name, args), relation);
}

/** Whether two values, or three in a row, stand in a relation. */
export function isOrdered(list: readonly unknown[], relation: Relation): boolean {
  if (list.length < 2 || !relation(list[0], list[1])) return false;
  return list.length !== 3 || relation(list[1], list[2]);
}

const equal = (args: unknown): boolean => isPair(asList("==", args), isEqual);
// A bare argument is false, not a failure.
const strictEqual = (args: unknown): boolean => Array.isArray(args) && isPair(args, isStrictEqual);

/** Comparisons of two values, or of three in a row. */
export const comparison: Operators<EagerOperator> = {
  "==": equal,
  "!=": (args) => !equal(args),
  "===": strictEqual,
  "!==": (args) => !strictEqual(args),
  "<": ordered("<", isLess),
  "<=": ordered("<=", isLessOrEqual),
  ">": ordered(">", (a, b) => isLess(b, a)),
  ">=": ordered(">=", (a, b) => isLessOrEqual(b, a)),
};
