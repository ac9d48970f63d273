import { answerWith } from "../evaluate/answer.ts";
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
  const compiled = (entry.compiled ??= compile(entry.definition.targeting ?? null)) as Closure;
  const run = acquireRun(context, flagKey, nowMs);
  try {
    return compiled(context, run);
  } finally {
    releaseRun(run);
  }
}

const idleRun: Run = {
  root: {},
  flagKey: "",
  nowMs: 0,
  work: 0,
  loops: 0,
  trace: undefined,
  onBucket: undefined,
};
const noContext: EvaluationContext = Object.freeze({});
let isIdle = true;

/** One run is reused, since allocating it costs as much as a simple rule; a getter that evaluates gets its own. */
function acquireRun(context: EvaluationContext, flagKey: string, nowMs: number): Run {
  if (!isIdle) return { ...idleRun, root: context, flagKey, nowMs, work: 0, loops: 0 };
  isIdle = false;
  idleRun.root = context;
  idleRun.flagKey = flagKey;
  idleRun.nowMs = nowMs;
  idleRun.work = 0;
  idleRun.loops = 0;
  return idleRun;
}

function releaseRun(run: Run): void {
  if (run !== idleRun) return;
  idleRun.root = noContext;
  isIdle = true;
}
