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
  /**
   * Told of every operator's answer, of its evaluated arguments if it needs all of them, and of its scope; only `explain`
   * listens.
   */
  trace?: ((rule: JsonValue, answer: unknown, args: unknown, data: unknown) => void) | undefined;
}

/** About 2 ms of work on a slow core. What needs more was not written to be answered. */
const WORK_LIMIT = 400_000;
/** A step within a loop costs about as much as copying this many characters. */
export const STEP_WORK = 16;

/** Hashing a character costs this much, if it is not ASCII. */
export const HASH_WORK = 8;

/** Reading a character of a long text: whatever is done with it then takes up to 25 ns. */
const CHARACTER_WORK = 2;
/** Texts of a context up to this length are free: how often they are read is bounded by the rule's size. */
export const FREE_LENGTH = 64;
/** So are texts of a rule up to this length. */
export const FREE_LITERAL = 256;

/** Charges for a text that is longer than what is free; any other value costs nothing. */
export function chargeText(value: unknown, run: Run, free: number = FREE_LENGTH): void {
  if (typeof value === "string" && value.length > free) charge(run, value.length * CHARACTER_WORK);
}

/** Charges work; fails the evaluation with GENERAL once the budget is spent. */
export function charge(run: Run, work: number): void {
  run.work += work;
  if (run.work > WORK_LIMIT) {
    throw new RuleFailure("GENERAL", "the rule needs too much work; shorten its lists or texts");
  }
}
