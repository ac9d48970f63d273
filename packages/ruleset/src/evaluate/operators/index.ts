import { abs, divide, max, min, minus, modulo, multiply, plus } from "./arithmetic.ts";
import {
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  notEqual,
  strictEqual,
  strictNotEqual,
} from "./comparison.ts";
import { fractional } from "./fractional.ts";
import { containsAll, containsAny, containsNone, isIn, merge, set } from "./lists.ts";
import { and, conditional, not, notNot, or } from "./logic.ts";
import { all, filter, map, none, reduce, some } from "./loops.ts";
import type { EagerOperator, LazyOperator } from "./operator.ts";
import { semVer } from "./sem-ver.ts";
import { cat, endsWith, startsWith, substr } from "./strings.ts";
import { missing, missingSome, variable, variant } from "./variables.ts";

/** Operators that need all their arguments. With the lazy ones, all of flagd: a name from a ruleset reaches nothing else. */
export const eagerOperators: ReadonlyMap<string, EagerOperator> = new Map<string, EagerOperator>([
  ["var", variable],
  ["variant", variant],
  ["missing", missing],
  ["missing_some", missingSome],
  ["!", not],
  ["!!", notNot],
  ["==", equal],
  ["!=", notEqual],
  ["===", strictEqual],
  ["!==", strictNotEqual],
  ["<", less],
  ["<=", lessOrEqual],
  [">", greater],
  [">=", greaterOrEqual],
  ["+", plus],
  ["-", minus],
  ["*", multiply],
  ["/", divide],
  ["%", modulo],
  ["max", max],
  ["min", min],
  ["abs", abs],
  ["in", isIn],
  ["merge", merge],
  ["set", set],
  ["contains_all", containsAll],
  ["contains_any", containsAny],
  ["contains_none", containsNone],
  ["cat", cat],
  ["substr", substr],
  ["fractional", fractional],
  ["sem_ver", semVer],
  ["starts_with", startsWith],
  ["ends_with", endsWith],
]);

/** Operators that leave some arguments unevaluated, or evaluate one many times. */
export const lazyOperators: ReadonlyMap<string, LazyOperator> = new Map<string, LazyOperator>([
  ["if", conditional],
  ["?:", conditional],
  ["and", and],
  ["or", or],
  ["map", map],
  ["filter", filter],
  ["reduce", reduce],
  ["all", all],
  ["some", some],
  ["none", none],
]);
