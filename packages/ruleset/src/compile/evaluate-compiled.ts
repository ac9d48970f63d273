import { answerWith } from "../evaluate/answer.ts";
import { failureOf } from "../evaluate/failure.ts";
import type { Run } from "../evaluate/run.ts";
import type { FlagEntry } from "../flag-map.ts";
import { flagEntryOf } from "../ruleset.ts";
import type { Evaluation, EvaluationContext, FlagValueType, Ruleset } from "../types.ts";
import type { Closure } from "./closure.ts";
import { compile } from "./compile.ts";

/** Evaluates a flag with closures compiled on its first use: `evaluate`'s answers, many times faster. Never throws. */
export function evaluateCompiled(
  ruleset: Ruleset,
  flagKey: string,
  context: EvaluationContext,
  nowMs: number,
  type?: FlagValueType,
): Evaluation {
  return answerWith(runCompiled, ruleset, flagEntryOf(ruleset, flagKey), flagKey, context, nowMs, type);
}

function runCompiled(entry: FlagEntry, context: EvaluationContext, flagKey: string, nowMs: number): unknown {
  const compiled = (entry.compiled as Closure | undefined) ?? compileEntry(entry);
  try {
    // A new run each time: 80 bytes cost less than writing into an old object, which the collector must be told of.
    const run: Run = { root: context, flagKey, nowMs, work: 0, loops: 0 };
    return compiled(context, run);
  } catch (error) {
    return failureOf(error);
  }
}

function compileEntry(entry: FlagEntry): Closure {
  const compiled = compile(entry.definition.targeting ?? null);
  entry.compiled = compiled;
  return compiled;
}
