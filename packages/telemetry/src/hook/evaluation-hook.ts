import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { EvaluationCounts } from "../metrics/evaluation-counts.ts";
import type { Clock } from "../otel/clock.ts";
import { cleanText } from "../privacy/clean-text.ts";
import type { SubjectReader } from "../privacy/subject.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { WatchedArm, WatchedArms } from "../scope/watched-arm.ts";
import type { EvaluationEvents } from "./evaluation-event.ts";
import type { FlagHook, FlagHookContext, FlagHookDetails, ReadEvaluation } from "./flag-hook.ts";

/** What the hook is made of. */
export interface HookParts {
  readonly clock: Clock;
  readonly drops: DropCounts;
  readonly counts: Pick<EvaluationCounts, "count">;
  readonly arms: WatchedArms;
  readonly subject: SubjectReader;
  readonly events: EvaluationEvents;
  readonly findScope: (ctx: Context) => FlagScope | undefined;
  /** A watched flag is about to be recorded: the moment to see what has failed before. */
  readonly beforeWatched: (ctx: Context) => void;
  /** Takes in an exposure; answers whether it is the unit's first. */
  readonly expose: (
    flagKey: string,
    variant: string,
    watch: WatchedArm,
    unit: string | undefined,
    setId: string | undefined,
  ) => boolean;
  /** A scope has changed. */
  readonly changed: (key: string) => void;
  /** Something happened; the moment to look whether an SDK has come up. */
  readonly active: () => void;
}

/** The most spellings of reasons and error codes remembered. */
const maxSpellings = 64;

/** Records every evaluation, whatever provider answered it. Synchronous, and never throws. */
export class EvaluationHook implements FlagHook {
  readonly name = "flagspan-telemetry";
  readonly #parts: HookParts;
  readonly #spellings = new Map<string, string>();

  constructor(parts: HookParts) {
    this.#parts = parts;
  }

  finally(hookContext: FlagHookContext, details: FlagHookDetails): void {
    try {
      this.#parts.active();
      this.#record(hookContext, details);
    } catch {
      this.#parts.drops.count("hook_error");
    }
  }

  #record(hookContext: FlagHookContext, details: FlagHookDetails): void {
    const { counts, findScope, events } = this.#parts;
    const ctx = context.active();
    const evaluation = this.#read(hookContext, details, ctx);
    const { entry } = evaluation;
    counts.count(evaluation.flagKey, evaluation.variant, evaluation.reason, evaluation.errorType);
    const scope = entry === undefined ? undefined : findScope(ctx);
    const before = entry === undefined ? undefined : scope?.get(entry.key);
    if (entry !== undefined && scope !== undefined) {
      const answer = scope.record(entry);
      if (answer === "displaced" || answer === "dropped") this.#parts.drops.count("scope_full");
      if (answer !== "same" && answer !== "dropped") this.#parts.changed(entry.key);
    }
    const isFirst = before === undefined || before.variant !== entry?.variant;
    events.evaluated(evaluation, hookContext, details, isFirst);
  }

  #read(hookContext: FlagHookContext, details: FlagHookDetails, ctx: Context): ReadEvaluation {
    const { arms, clock } = this.#parts;
    const metadata = details.flagMetadata;
    const flagKey = cleanText(hookContext.flagKey);
    const variant =
      typeof details.variant === "string" && details.variant !== "" ? cleanText(details.variant) : undefined;
    const reason = details.reason === undefined ? "unknown" : this.#spell(details.reason);
    const errorType = details.errorCode === undefined ? undefined : this.#spell(details.errorCode);
    if (errorType === "flag_not_found") return { flagKey, entry: undefined, variant, reason, errorType };

    const watch = arms.read(flagKey, variant, metadata);
    const unit = this.#unitOf(hookContext, metadata);
    const setId = textOf(metadata?.["flagSetId"]);
    let firstExposure = false;
    if (watch !== undefined && variant !== undefined) {
      this.#parts.beforeWatched(ctx);
      firstExposure = this.#parts.expose(flagKey, variant, watch, unit, setId);
    }
    const enabled = typeof details.value === "boolean" ? details.value : undefined;
    const entry: FlagEntry = {
      key: flagKey,
      variant: variant ?? (enabled === undefined ? reason : String(enabled)),
      reason,
      source: "evaluation",
      enabled,
      setId,
      version: textOf(metadata?.["version"]),
      unit,
      watch,
      sinceMs: watch === undefined ? 0 : clock.monotonicMs(),
      firstExposure,
      order: 0,
    };
    return { flagKey, entry, variant, reason, errorType };
  }

  /** A broken `subjectKey` costs the unit, not the evaluation. */
  #unitOf(hookContext: FlagHookContext, metadata: FlagHookDetails["flagMetadata"]): string | undefined {
    try {
      return this.#parts.subject(metadata, hookContext.context);
    } catch {
      this.#parts.drops.count("mapper_error");
      return undefined;
    }
  }

  /** `TARGETING_MATCH` → `targeting_match`, remembered. */
  #spell(word: string): string {
    const known = this.#spellings.get(word);
    if (known !== undefined) return known;
    const spelling = cleanText(word.toLowerCase(), 64);
    if (this.#spellings.size < maxSpellings) this.#spellings.set(word, spelling);
    return spelling;
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : cleanText(value);
  return typeof value === "number" ? String(value) : undefined;
}
