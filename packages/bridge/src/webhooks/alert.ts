/** An alert of a monitoring system, as a flag's health and as what the guard's `alert` guardrail listens to. */
export interface FlagAlert {
  /** Stable for one firing: the same when it is sent again. */
  readonly id: string;
  /** What a rollout plan's `alert:` names: the alert rule, monitor or problem title. */
  readonly name: string;
  readonly status: "firing" | "resolved";
  readonly source: "alertmanager" | "datadog" | "dynatrace";
  /** RFC 3339: when it began to fire, or was resolved. */
  readonly occurredAt: string;
  /** The flag it is about, where its labels or tags say so. */
  readonly flagKey?: string;
  readonly flagSetId?: string;
  readonly summary?: string;
  readonly url?: string;
}
