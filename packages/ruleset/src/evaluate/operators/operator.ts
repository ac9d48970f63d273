import type { Run } from "../run.ts";

/** Computes one operation from its evaluated arguments. `data` is the scope: the context, or an element of a list. */
export type EagerOperator = (args: unknown, data: unknown, run: Run) => unknown;

/** Computes one operation from its arguments as written, evaluating those it needs. */
export type LazyOperator = (args: unknown, data: unknown, run: Run, interpret: Interpret) => unknown;

/** Applies a rule to a scope. */
export type Interpret = (rule: unknown, data: unknown, run: Run) => unknown;

/** Operators by the name that rules know them by. */
export type Operators<Operator> = Readonly<Record<string, Operator>>;
