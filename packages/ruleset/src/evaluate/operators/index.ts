import { arithmetic } from "./arithmetic.ts";
import { comparison } from "./comparison.ts";
import { fractional } from "./fractional.ts";
import { lists } from "./lists.ts";
import { logic, negation } from "./logic.ts";
import { loops } from "./loops.ts";
import type { EagerOperator, LazyOperator } from "./operator.ts";
import { semVer } from "./sem-ver.ts";
import { strings } from "./strings.ts";
import { variables } from "./variables.ts";

/** Operators that need all their arguments. With the lazy ones, all of flagd: a name from a ruleset reaches nothing else. */
export const eagerOperators: ReadonlyMap<string, EagerOperator> = new Map(
  Object.entries<EagerOperator>({
    ...variables,
    ...negation,
    ...comparison,
    ...arithmetic,
    ...lists,
    ...strings,
    fractional,
    sem_ver: semVer,
  }),
);

/** Operators that leave some arguments unevaluated, or evaluate one many times. */
export const lazyOperators: ReadonlyMap<string, LazyOperator> = new Map(
  Object.entries<LazyOperator>({ ...logic, ...loops }),
);
