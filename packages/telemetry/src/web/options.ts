import type { FetchLike } from "../fast-lane/sender.ts";
import type { EvaluationEventPolicy } from "../hook/evaluation-event.ts";
import type { TagNaming } from "../naming/tag-naming.ts";
import type { LoggerProviderLike } from "../otel/global-loggers.ts";
import type { SubjectContext } from "../privacy/subject.ts";

/** Options of `createWebFlagTelemetry`; all have defaults. */
export interface WebFlagTelemetryOptions {
  /** How flags are spelled on spans and logs. Default `per-flag`: `feature_flags.<key>` = variant. */
  readonly naming?: TagNaming;
  /** Prefix of the names the semantic conventions do not define. Default `feature_flag`. */
  readonly namespace?: string;
  /** The most flags written on one span or log record. Default 32, at most 128. */
  readonly maxFlags?: number;
  /** Which evaluations become log events. Default `first-per-scope`: each flag and variant once per page and user. */
  readonly events?: EvaluationEventPolicy;
  /** Where outcomes go: control's `/v1/logs` or its base URL. Default: through the page's logger provider. */
  readonly guardEndpoint?: string;
  /** Headers for it. What a page holds is no secret: only a key of scope `evaluate`, whose outcomes are signals, belongs here. */
  readonly guardHeaders?: Readonly<Record<string, string>>;
  /** Names the unit for providers that set no `flagMetadata.contextId`. It goes on the wire: hand out a pseudonym. */
  readonly subject?: (context: SubjectContext) => string | undefined;
  /** Default: a random id, kept for the life of the tab. */
  readonly sessionId?: () => string;
  /** What is slow, from the flag's evaluation on: `loadMs` (default 4,000) where the flag's rollout names no bounds, `inpMs` (default 500). */
  readonly slow?: { readonly loadMs?: number; readonly inpMs?: number };
  /** Resource attributes of what goes to `guardEndpoint`, such as `service.name`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Default: the global logger provider of either OpenTelemetry line, looked up late. */
  readonly loggerProvider?: LoggerProviderLike;
  /** What sends to `guardEndpoint`. Default: the page's `fetch` as it was when this was called. */
  readonly fetch?: FetchLike;
}
