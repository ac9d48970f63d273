import { toComparable } from "../coerce.ts";
import type { EagerOperator } from "./operator.ts";
import { asList } from "./arguments.ts";

type Relation = (a: unknown, b: unknown) => boolean;

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** `==`: null equals only null; two texts compare as texts; everything else as numbers. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (typeof a === "string" && typeof b === "string") return a === b;
  return toComparable(a) === toComparable(b);
}

/** `===`: as `==`, but only within one type; lists and objects never equal anything. */
export function isStrictEqual(a: unknown, b: unknown): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  return typeof a === typeof b && isEqual(a, b);
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
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === end) return a.length < b.length;
  return sortKey(a.charCodeAt(i)) < sortKey(b.charCodeAt(i));
}

function sortKey(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function pair(name: string, relation: Relation): EagerOperator {
  return (args) => {
    const list = asList(name, args);
    return list.length >= 2 && relation(list[0], list[1]);
  };
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

/** `==` */
export const equal: EagerOperator = pair("==", isEqual);
/** `!=` */
export const notEqual: EagerOperator = (args, data, run, rule) => equal(args, data, run, rule) !== true;
/** `===`: a bare argument is false, not a failure. */
export const strictEqual: EagerOperator = (list) => {
  return Array.isArray(list) && list.length >= 2 && isStrictEqual(list[0], list[1]);
};
/** `!==` */
export const strictNotEqual: EagerOperator = (args, data, run, rule) =>
  strictEqual(args, data, run, rule) !== true;
/** `<` */
export const less: EagerOperator = ordered("<", isLess);
/** `<=` */
export const lessOrEqual: EagerOperator = ordered("<=", isLessOrEqual);
/** `>` */
export const greater: EagerOperator = ordered(">", (a, b) => isLess(b, a));
/** `>=` */
export const greaterOrEqual: EagerOperator = ordered(">=", (a, b) => isLessOrEqual(b, a));
