import type { Run } from "../evaluate/run.ts";
import type { EvaluationContext } from "../types.ts";

/** A compiled rule: what the interpreter answers for the rule at the top scope, without walking the rule. */
export type Closure = (context: EvaluationContext, run: Run) => unknown;

/** A compiled rule, or a value known beforehand. */
export type Code =
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "closure"; readonly run: Closure };

/** A value known beforehand. */
export function constant(value: unknown): Code {
  return { kind: "constant", value };
}

/** A value known at evaluation. */
export function closure(run: Closure): Code {
  return { kind: "closure", run };
}

/** Code as a closure, whichever it is. */
export function toClosure(code: Code): Closure {
  if (code.kind === "closure") return code.run;
  const { value } = code;
  return () => value;
}
