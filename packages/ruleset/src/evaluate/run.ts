import type { EvaluationContext, JsonValue } from "../types.ts";
import { RuleFailure } from "./failure.ts";

/** One evaluation in progress: what rules can see, and how much work they may still do. */
export interface Run {
  root: EvaluationContext;
  flagKey: string;
  nowMs: number;
  /** Grows with every unit of unbounded work (characters and elements from the context, steps within loops). */
  work: number;
  /** Depth of `map`, `filter`, `reduce`, `all`, `some`, `none` around the current rule. */
  loops: number;
  /** Told of every operator's answer, and of its evaluated arguments if it needs all of them; only `explain` listens. */
  trace?: ((rule: JsonValue, answer: unknown, args: unknown) => void) | undefined;
  /** Told how a `fractional` chose; only `explain` listens. */
  onBucket?: ((rule: JsonValue, choice: BucketChoice) => void) | undefined;
}

/** How a `fractional` chose: `bucket` = hash × total ÷ 2³², and the first running sum above it wins. */
export interface BucketChoice {
  readonly bucketBy: string;
  readonly hash: number;
  readonly bucket: number;
  readonly total: number;
  /** Running sums: the winner holds [`from`, `to`). */
  readonly from: number;
  readonly to: number;
}

/** About 2 ms of work on a slow core. What needs more was not written to be answered. */
const WORK_LIMIT = 400_000;
/** A step within a loop costs about as much as copying this many characters. */
export const STEP_WORK = 16;

/** Hashing a character costs this much, if it is not ASCII. */
export const HASH_WORK = 8;

/** Charges work; fails the evaluation with GENERAL once the budget is spent. */
export function charge(run: Run, work: number): void {
  run.work += work;
  if (run.work > WORK_LIMIT) {
    throw new RuleFailure(
      "GENERAL",
      "the rule needs more work than an evaluation may do; shorten its lists or texts",
    );
  }
}
