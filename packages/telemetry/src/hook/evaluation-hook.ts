import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { EvaluationCounts } from "../metrics/evaluation-counts.ts";
import type { Clock } from "../otel/clock.ts";
import type { SubjectReader } from "../privacy/subject.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { WatchedArm, WatchedArms } from "../scope/watched-arm.ts";
import type { EvaluationEvents } from "./evaluation-event.ts";
import type { FlagHook, FlagHookContext, FlagHookDetails, ReadEvaluation } from "./flag-hook.ts";
import { KnownAnswers } from "./known-answers.ts";

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

/** Records every evaluation, whatever provider answered it. Synchronous, and never throws. */
export class EvaluationHook implements FlagHook {
  readonly name = "flagspan-telemetry";
  readonly #parts: HookParts;
  readonly #answers = new KnownAnswers();

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
    const { entry, answer } = evaluation;
    counts.count(answer.flagKey, answer.variant, answer.reason, answer.errorType);
    const scope = entry === undefined ? undefined : findScope(ctx);
    const before = entry === undefined ? undefined : scope?.get(entry.key);
    if (entry !== undefined && scope !== undefined) {
      const recorded = scope.record(entry);
      if (recorded === "displaced" || recorded === "dropped") this.#parts.drops.count("scope_full");
      if (recorded !== "same" && recorded !== "dropped") this.#parts.changed(entry.key);
    }
    const isFirst = before === undefined || before.variant !== entry?.variant;
    events.evaluated(evaluation, hookContext, details, isFirst, ctx);
  }

  #read(hookContext: FlagHookContext, details: FlagHookDetails, ctx: Context): ReadEvaluation {
    const { arms, clock } = this.#parts;
    const metadata = details.flagMetadata;
    const answer = this.#answers.read(hookContext, details);
    const { flagKey, variant, setId } = answer;
    if (answer.errorType === "flag_not_found") return { answer, entry: undefined };

    const watch = arms.read(flagKey, variant, metadata);
    const unit = this.#unitOf(hookContext, metadata);
    let firstExposure = false;
    if (watch !== undefined && variant !== undefined) {
      this.#parts.beforeWatched(ctx);
      firstExposure = this.#parts.expose(flagKey, variant, watch, unit, setId);
    }
    const enabled = typeof details.value === "boolean" ? details.value : undefined;
    const entry: FlagEntry = {
      key: flagKey,
      variant: variant ?? (enabled === undefined ? answer.reason : String(enabled)),
      reason: answer.reason,
      source: "evaluation",
      enabled,
      setId,
      version: answer.version,
      unit,
      watch,
      sinceMs: watch === undefined ? 0 : clock.monotonicMs(),
      firstExposure,
      order: 0,
    };
    return { answer, entry };
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
}
