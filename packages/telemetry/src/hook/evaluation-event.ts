import { trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import { findLoggerProvider } from "../otel/global-loggers.ts";
import type { LoggerLike, LoggerProviderLike } from "../otel/global-loggers.ts";
import { cleanText } from "../privacy/clean-text.ts";
import type { WatchedArm } from "../scope/watched-arm.ts";
import type { FlagHookContext, FlagHookDetails, ReadEvaluation } from "./flag-hook.ts";
import type { Answer } from "./known-answers.ts";

/**
 * Which evaluations become a `feature_flag.evaluation` event: `first-per-scope` (default) the first of each flag and
 * variant in a request, `all` each one as the conventions recommend, `off` none. Outside of any scope each is a first.
 */
export type EvaluationEventPolicy = "first-per-scope" | "all" | "off";

type Attributes = Record<string, string | number | boolean>;

interface KnownAttributes {
  readonly watch: WatchedArm | undefined;
  readonly provider: string | undefined;
  readonly attributes: Readonly<Attributes>;
}

/** What evaluation events are made of. */
export interface EvaluationEventParts {
  readonly policy: EvaluationEventPolicy;
  /** Also add a span event `feature_flag.evaluation`, for backends that read the older convention. */
  readonly spanEvents: boolean;
  readonly names: AttributeNames;
  readonly drops: DropCounts;
  readonly scopeName: string;
  readonly scopeVersion: string;
  /** Set by hand, else whatever the process has registered, looked up late. */
  readonly loggerProvider?: LoggerProviderLike | undefined;
}

/** `SeverityNumber.INFO`. */
const severityInfo = 9;

/** Emits `feature_flag.evaluation` by the semantic conventions, through whichever logs API is registered. */
export class EvaluationEvents {
  readonly #parts: EvaluationEventParts;
  #provider: LoggerProviderLike | undefined;
  #logger: LoggerLike | undefined;

  constructor(parts: EvaluationEventParts) {
    this.#parts = parts;
  }

  /** Emits what the policy asks for. A broken logger costs the event, nothing else. */
  evaluated(
    evaluation: ReadEvaluation,
    hookContext: FlagHookContext,
    details: FlagHookDetails,
    isFirst: boolean,
    ctx: Context,
  ): void {
    const { policy, spanEvents, names, drops } = this.#parts;
    if (policy === "off" || (policy === "first-per-scope" && !isFirst)) return;
    try {
      const logger = this.#findLogger();
      if (logger === undefined && !spanEvents) return;
      const attributes = this.#attributesOf(evaluation, hookContext, details);
      // Whether anybody wants it is asked by `emit` itself. Context and time are handed over as the SDK keeps them, which
      // spares it looking them up and converting the time, twice.
      const time = hrTimeOf(Date.now());
      logger?.emit({
        eventName: names.evaluationEvent,
        timestamp: time,
        observedTimestamp: time,
        severityNumber: severityInfo,
        attributes,
        context: ctx,
      });
      if (spanEvents) trace.getSpan(ctx)?.addEvent(names.evaluationEvent, attributes);
    } catch {
      drops.count("event_error");
    }
  }

  #findLogger(): LoggerLike | undefined {
    const provider = this.#parts.loggerProvider ?? findLoggerProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#logger = provider?.getLogger(this.#parts.scopeName, this.#parts.scopeVersion);
    }
    return this.#logger;
  }

  /**
   * The event's attributes. Those of an answer that is known (one object as long as a flag is answered alike) are put
   * together once and copied, which costs a fifth; the unit changes from one to the next.
   */
  #attributesOf(
    { answer, entry }: ReadEvaluation,
    hookContext: FlagHookContext,
    details: FlagHookDetails,
  ): Attributes {
    const { names } = this.#parts;
    const provider = hookContext.providerMetadata?.name;
    const watch = entry?.watch;
    let known = answer.event as KnownAttributes | undefined;
    if (known === undefined || known.watch !== watch || known.provider !== provider) {
      known = { watch, provider, attributes: answerAttributes(answer, watch, provider, names) };
      answer.event = known;
    }
    const attributes: Attributes = { ...known.attributes };
    if (answer.variant === undefined && details.value !== undefined && details.value !== null) {
      attributes[names.value] = scalarOf(details.value);
    }
    if (answer.errorType !== undefined && details.errorMessage !== undefined) {
      attributes[names.errorMessage] = cleanText(details.errorMessage);
    }
    if (entry?.unit !== undefined) attributes[names.contextId] = entry.unit;
    return attributes;
  }
}

/** Milliseconds since the epoch as OpenTelemetry's `HrTime`: seconds and nanoseconds. */
function hrTimeOf(nowMs: number): [number, number] {
  return [Math.trunc(nowMs / 1_000), (nowMs % 1_000) * 1_000_000];
}

/** What does not depend on whom the flag was evaluated for, nor on its value. */
function answerAttributes(
  answer: Answer,
  watch: WatchedArm | undefined,
  provider: string | undefined,
  names: AttributeNames,
): Attributes {
  const attributes: Attributes = {
    [names.eventName]: names.evaluationEvent,
    [names.key]: answer.flagKey,
    [names.reason]: answer.reason,
  };
  if (provider !== undefined) attributes[names.providerName] = provider;
  if (answer.variant !== undefined) attributes[names.variant] = answer.variant;
  if (answer.errorType !== undefined) attributes[names.errorType] = answer.errorType;
  if (answer.errorType !== "flag_not_found") {
    if (answer.setId !== undefined) attributes[names.setId] = answer.setId;
    if (answer.version !== undefined) attributes[names.version] = answer.version;
  }
  if (watch !== undefined) {
    attributes[names.rolloutId] = watch.rolloutId;
    attributes[names.rolloutStage] = watch.stage;
    attributes[names.rolloutArm] = watch.arm;
  }
  return attributes;
}

/** Scalars as they are, text cleaned and cut, anything else as JSON cut to the same length. */
function scalarOf(value: unknown): string | number | boolean {
  if (typeof value === "boolean" || typeof value === "number") return value;
  return cleanText(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}
