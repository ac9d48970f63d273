import { evaluateCompiled } from "../compile/evaluate-compiled.ts";
import type { EvaluationContext, Ruleset } from "../types.ts";
import { diffRulesets } from "./diff-rulesets.ts";
import { sameValue } from "./same-value.ts";

/** How many of the given contexts get another answer for a flag. */
export interface AffectedCount {
  readonly flagKey: string;
  readonly affected: number;
  readonly total: number;
}

/**
 * Counts, for each flag that differs, the contexts that get another value (or the code default instead of one, or the other way).
 * Another variant with the same value is the same answer to the app.
 */
export function countAffected(
  before: Ruleset,
  after: Ruleset,
  contexts: readonly EvaluationContext[],
  nowMs: number,
): readonly AffectedCount[] {
  return diffRulesets(before, after).map(({ flagKey }) => {
    const affected = contexts.filter((context) => {
      const previous = evaluateCompiled(before, flagKey, context, nowMs).value;
      const current = evaluateCompiled(after, flagKey, context, nowMs).value;
      return (previous === undefined) !== (current === undefined) || !sameValue(previous, current);
    });
    return { flagKey, affected: affected.length, total: contexts.length };
  });
}
