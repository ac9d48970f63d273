/** Why something fell off a budget, or was given up to keep the app unharmed. A closed set: it is a metric attribute. */
export type DropReason =
  | "hook_error"
  | "processor_error"
  | "propagation_error"
  | "metrics_error"
  | "sampler_error"
  | "logger_error"
  | "mapper_error"
  | "event_error"
  | "scope_full"
  | "tag_budget"
  | "attribute_limit"
  | "live_spans"
  | "series_limit"
  | "baggage_budget"
  | "baggage_destination"
  | "baggage_untrusted"
  | "outcome_queue"
  | "outcome_send"
  | "outcome_rejected"
  | "outcome_without_unit"
  | "watched_limit";

/** Counts drops by reason in plain numbers; read by the `feature_flag.telemetry.dropped` counter. */
export class DropCounts {
  readonly #counts = new Map<DropReason, number>();

  /** Adds `times` (default 1) to a reason. */
  count(reason: DropReason, times = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + times);
  }

  /** Everything dropped so far, by reason. */
  read(): ReadonlyMap<DropReason, number> {
    return this.#counts;
  }
}
