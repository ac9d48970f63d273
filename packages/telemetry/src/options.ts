import type { MeterProvider } from "@opentelemetry/api";

import type { FetchLike } from "./fast-lane/sender.ts";
import type { EvaluationEventPolicy } from "./hook/evaluation-event.ts";
import type { TagNaming } from "./naming/tag-naming.ts";
import type { Clock } from "./otel/clock.ts";
import type { LoggerProviderLike } from "./otel/global-loggers.ts";
import type { EndedRoot } from "./outcomes/is-bad.ts";
import type { SubjectKey } from "./privacy/subject.ts";
import type { Binding } from "./processors/span-processor.ts";
import type { TrustBaggage } from "./propagation/flag-propagator.ts";

/** Options of `createFlagTelemetry`; all have defaults. */
export interface FlagTelemetryOptions {
  /** How flags are spelled on spans and logs. Default `per-flag`: `feature_flags.<key>` = variant. */
  readonly naming?: TagNaming;
  /** Prefix of the names the semantic conventions do not define. Default `feature_flag`. */
  readonly namespace?: string;
  /** The most flags written on one span or log record. Default 32, at most 128. */
  readonly maxFlags?: number;
  /** Default `late`: spans still open at the evaluation are tagged, too. */
  readonly binding?: Binding;
  /** Which evaluations become log events. Default `first-per-scope`. */
  readonly events?: EvaluationEventPolicy;
  /** Also add evaluations as span events. Default false. */
  readonly spanEvents?: boolean;
  /** Whether exposures and outcomes of watched flags are reported. Default true; without watched flags nothing is sent. */
  readonly outcomes?: boolean;
  /** Where outcomes go: control's `/v1/logs` or its base URL. Default: the OTLP logs endpoint of the environment. */
  readonly guardEndpoint?: string;
  /** Headers for it, such as `{ authorization: "Bearer fs_…" }`. */
  readonly guardHeaders?: Readonly<Record<string, string>>;
  /** Send outcomes through the app's logger provider instead of the fast lane; it may drop them in an error storm. */
  readonly outcomesThroughLogger?: boolean;
  /** Destinations that flags travel to in baggage: `host`, `host:port`, `*.domain`. Default: none. */
  readonly baggage?: { readonly allow: readonly string[] };
  /** Whether incoming flags in baggage are believed. Default false: they are stripped, as a public edge must. */
  readonly trustBaggage?: TrustBaggage;
  /**
   * Whether this process answers strangers. Flags that `trustBaggage` takes from them tag spans and logs here, but are
   * not passed on, are counted nowhere, and what fails with them is a signal, which holds a rollout and never kills a
   * flag. Default false.
   */
  readonly publicEdge?: boolean;
  /** Replaces the rule for a bad request (status ERROR or HTTP 5xx). */
  readonly isBad?: (span: EndedRoot) => boolean;
  /** How subjects of foreign providers become units. Default: only `flagMetadata.contextId` does. */
  readonly subjectKey?: SubjectKey;
  /** Resource attributes of the fast lane. Default: `service.*` and the environment of the SDK's spans, or of `OTEL_*`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** The most local root spans remembered as open. Default 50,000. */
  readonly maxLiveSpans?: number;
  /** The most units remembered per watched flag and stage. Default 50,000. */
  readonly maxUnits?: number;
  /** Default: the global logger provider of either OpenTelemetry line, looked up late. */
  readonly loggerProvider?: LoggerProviderLike;
  /** Default: the global meter provider, bound when it comes up. */
  readonly meterProvider?: MeterProvider;
  /** Default: the platform's. */
  readonly fetch?: FetchLike;
  /** Default: the platform's. */
  readonly clock?: Clock;
}
