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
  const entry = flagEntryOf(ruleset, flagKey);
  // Where every variant has the type that is asked for, no answer can have another.
  const unsure = entry !== undefined && compiledOf(entry).type === type ? undefined : type;
  return answerWith(runCompiled, ruleset, entry, flagKey, context, nowMs, unsure);
}

/** What compiling makes of a flag, each part on its first use. */
interface CompiledFlag {
  /** The type of all its variants; undefined where they are mixed, or none. */
  readonly type: string | undefined;
  targeting: Closure | undefined;
}

function compiledOf(entry: FlagEntry): CompiledFlag {
  return (entry.compiled as CompiledFlag | undefined) ?? begin(entry);
}

function begin(entry: FlagEntry): CompiledFlag {
  const types = new Set(Object.values(entry.definition.variants).map((value) => typeof value));
  const compiled: CompiledFlag = { type: types.size === 1 ? [...types][0] : undefined, targeting: undefined };
  entry.compiled = compiled;
  return compiled;
}

function runCompiled(entry: FlagEntry, context: EvaluationContext, flagKey: string, nowMs: number): unknown {
  const targeting = compiledOf(entry).targeting ?? compileTargeting(entry);
  try {
    // A new run each time: 80 bytes cost less than writing into an old object, which the collector must be told of.
    const run: Run = { root: context, flagKey, nowMs, work: 0, loops: 0 };
    return targeting(context, run);
  } catch (error) {
    return failureOf(error);
  }
}

function compileTargeting(entry: FlagEntry): Closure {
  const targeting = compile(entry.definition.targeting ?? null);
  compiledOf(entry).targeting = targeting;
  return targeting;
}
