import { context, trace } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import { findLoggerProvider } from "../otel/global-loggers.ts";
import type { LoggerLike, LoggerProviderLike } from "../otel/global-loggers.ts";
import { cleanText } from "../privacy/clean-text.ts";
import type { FlagHookContext, FlagHookDetails, ReadEvaluation } from "./flag-hook.ts";

/**
 * Which evaluations become a `feature_flag.evaluation` event: `first-per-scope` (default) the first of each flag and
 * variant in a request, `all` each one as the conventions recommend, `off` none. Outside of any scope each is a first.
 */
export type EvaluationEventPolicy = "first-per-scope" | "all" | "off";

type Attributes = Record<string, string | number | boolean>;

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
  ): void {
    const { policy, spanEvents, names, drops } = this.#parts;
    if (policy === "off" || (policy === "first-per-scope" && !isFirst)) return;
    try {
      const logger = this.#findLogger();
      const wanted = logger !== undefined && logger.enabled?.({ eventName: names.evaluationEvent }) !== false;
      if (!wanted && !spanEvents) return;
      const attributes = evaluationAttributes(evaluation, hookContext, details, names);
      if (wanted) {
        logger.emit({ eventName: names.evaluationEvent, severityNumber: severityInfo, attributes });
      }
      if (spanEvents) trace.getSpan(context.active())?.addEvent(names.evaluationEvent, attributes);
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
}

/** The event's attributes: the value only where there is no variant, the error's text under its own name. */
function evaluationAttributes(
  evaluation: ReadEvaluation,
  hookContext: FlagHookContext,
  details: FlagHookDetails,
  names: AttributeNames,
): Attributes {
  const { entry, variant, errorType } = evaluation;
  const attributes: Attributes = {
    [names.eventName]: names.evaluationEvent,
    [names.key]: evaluation.flagKey,
    [names.reason]: evaluation.reason,
  };
  const provider = hookContext.providerMetadata?.name;
  if (provider !== undefined) attributes[names.providerName] = provider;
  if (variant !== undefined) attributes[names.variant] = variant;
  else if (details.value !== undefined && details.value !== null) {
    attributes[names.value] = scalarOf(details.value);
  }
  if (entry?.setId !== undefined) attributes[names.setId] = entry.setId;
  if (entry?.version !== undefined) attributes[names.version] = entry.version;
  if (entry?.unit !== undefined) attributes[names.contextId] = entry.unit;
  if (errorType !== undefined) {
    attributes[names.errorType] = errorType;
    if (details.errorMessage !== undefined) attributes[names.errorMessage] = cleanText(details.errorMessage);
  }
  if (entry?.watch !== undefined) {
    attributes[names.rolloutId] = entry.watch.rolloutId;
    attributes[names.rolloutStage] = entry.watch.stage;
    attributes[names.rolloutArm] = entry.watch.arm;
  }
  return attributes;
}

/** Scalars as they are, text cleaned and cut, anything else as JSON cut to the same length. */
function scalarOf(value: unknown): string | number | boolean {
  if (typeof value === "boolean" || typeof value === "number") return value;
  return cleanText(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}
