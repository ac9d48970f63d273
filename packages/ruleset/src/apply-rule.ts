import { compile } from "./compile/compile.ts";
import { failureOf } from "./evaluate/failure.ts";
import { interpret } from "./evaluate/interpret.ts";
import type { Run } from "./evaluate/run.ts";
import { isRecord } from "./json.ts";
import type { EvaluationContext, EvaluationErrorCode, JsonValue } from "./types.ts";

/** How a rule is applied. */
export interface ApplyOptions {
  /** With it the data is an evaluation context: `$flagd` is added, and `fractional` hashes the flag key too. */
  readonly flagKey?: string;
  readonly nowMs?: number;
  /** `compiled` answers the same as `interpreted`, the default; only a test of that would choose. */
  readonly form?: "interpreted" | "compiled";
}

/** A rule's answer, or why it has none. */
export type RuleResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: EvaluationErrorCode; readonly message: string };

/** Applies one JsonLogic rule to data, as flagd's engine does, without a flag around it. The rule must come from JSON. */
export function applyRule(rule: JsonValue, data: unknown, options: ApplyOptions = {}): RuleResult {
  const { flagKey, nowMs = 0, form = "interpreted" } = options;
  const isContext = flagKey !== undefined && isRecord(data);
  const root: EvaluationContext = isContext ? data : {};
  const run: Run = { root, flagKey: flagKey ?? "", nowMs, work: 0, loops: 0 };
  try {
    const isCompiled = form === "compiled" && isRecord(data);
    const value = isCompiled ? compile(rule)(data, run) : interpret(rule, data, run);
    if (!isWritable(value))
      return { ok: false, code: "PARSE_ERROR", message: "the answer holds a number that JSON cannot" };
    return { ok: true, value: value ?? null };
  } catch (error) {
    const { code, message } = failureOf(error);
    return { ok: false, code, message };
  }
}

/** flagd writes the answer as JSON, which knows neither NaN nor infinity. */
function isWritable(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isWritable);
}
