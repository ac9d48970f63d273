import type { FlagEntry } from "../flag-map.ts";
import { flagEntryOf } from "../ruleset.ts";
import type { Evaluation, EvaluationContext, FlagValueType, Ruleset } from "../types.ts";
import { failureOf } from "./failure.ts";
import { interpret } from "./interpret.ts";
import { answerWith } from "./answer.ts";
import type { Run } from "./run.ts";

/**
 * Evaluates a flag by interpreting its targeting. This is the definition: slower than `evaluateCompiled`, the same answers.
 * Never throws. `nowMs` becomes `$flagd.timestamp`; with `type`, a value of another type answers TYPE_MISMATCH.
 */
export function evaluate(
  ruleset: Ruleset,
  flagKey: string,
  context: EvaluationContext,
  nowMs: number,
  type?: FlagValueType,
): Evaluation {
  return answerWith(
    interpretTargeting,
    ruleset,
    flagEntryOf(ruleset, flagKey),
    flagKey,
    context,
    nowMs,
    type,
  );
}

function interpretTargeting(
  entry: FlagEntry,
  root: EvaluationContext,
  flagKey: string,
  nowMs: number,
): unknown {
  const run: Run = { root, flagKey, nowMs, work: 0, loops: 0 };
  try {
    return interpret(entry.definition.targeting, root, run);
  } catch (error) {
    return failureOf(error);
  }
}
