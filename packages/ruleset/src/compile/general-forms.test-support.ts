import { eagerOperators, lazyOperators } from "../evaluate/operators/index.ts";
import { interpret } from "../evaluate/interpret.ts";
import type { Run } from "../evaluate/run.ts";
import type { EvaluationContext, JsonValue } from "../types.ts";
import type { Closure } from "./closure.ts";
import { compile } from "./compile.ts";

/** A run as an evaluation begins it. */
export function runOf(root: EvaluationContext = {}): Run {
  return { root, flagKey: "flag", nowMs: 1_700_000_000_999, work: 0, loops: 0 };
}

/** Does something while no operator has its general form: what is answered then took a fast path. */
export function withoutGeneralForms<Answer>(run: () => Answer): Answer {
  const tables = [eagerOperators, lazyOperators].map((table) => {
    const entries = table as Map<string, unknown>;
    return { entries, kept: [...entries] };
  });
  for (const { entries } of tables) entries.clear();
  try {
    return run();
  } finally {
    for (const { entries, kept } of tables) for (const [name, form] of kept) entries.set(name, form);
  }
}

/** How an evaluation came out: its answer or its failure, and the work it was charged for. */
export interface Outcome {
  readonly answer?: unknown;
  readonly failure?: unknown;
  readonly work: number;
}

function outcomeOf(closure: Closure, context: EvaluationContext): Outcome {
  const run = runOf(context);
  try {
    return { answer: closure(context, run), work: run.work };
  } catch (failure) {
    return { failure, work: run.work };
  }
}

/** What the definition makes of a rule. */
export function interpreted(rule: JsonValue, context: EvaluationContext): Outcome {
  return outcomeOf((_context, run) => interpret(rule, context, run), context);
}

/** What the compiled form makes of it, on whichever path. */
export function compiled(rule: JsonValue, context: EvaluationContext): Outcome {
  return outcomeOf(compile(rule), context);
}

/** What the compiled form makes of it where every operator has nothing but its fast path. */
export function compiledFast(rule: JsonValue, context: EvaluationContext): Outcome {
  return withoutGeneralForms(() => compiled(rule, context));
}
