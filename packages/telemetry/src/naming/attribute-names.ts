/**
 * Every name this package writes on the wire. The upper half is OpenTelemetry's own (semantic conventions,
 * `feature_flag.*`, release candidate since 1.35); the lower half is ours and moves with the `namespace` option.
 */
export interface AttributeNames {
  readonly key: "feature_flag.key";
  readonly variant: "feature_flag.result.variant";
  readonly value: "feature_flag.result.value";
  readonly reason: "feature_flag.result.reason";
  readonly providerName: "feature_flag.provider.name";
  readonly contextId: "feature_flag.context.id";
  readonly setId: "feature_flag.set.id";
  readonly version: "feature_flag.version";
  readonly errorMessage: "feature_flag.error.message";
  readonly errorType: "error.type";
  readonly eventName: "otel.event.name";
  readonly evaluationEvent: "feature_flag.evaluation";

  readonly rolloutId: string;
  readonly rolloutStage: string;
  readonly rolloutArm: string;
  readonly outcomeEvent: string;
  readonly outcomeKind: string;
  readonly outcomeBoundMs: string;
  readonly outcomeSource: string;
  readonly outcomeDuration: string;
  readonly outcome: string;
  readonly exposuresEvent: string;
  readonly exposuresUnits: string;
  readonly exposuresSample: string;
  readonly exposuresCount: string;
  readonly evaluations: string;
  readonly dropped: string;
}

/** Builds the table of names; `namespace` (default `feature_flag`) prefixes the ones the conventions do not define. */
export function attributeNames(namespace = "feature_flag"): AttributeNames {
  return {
    key: "feature_flag.key",
    variant: "feature_flag.result.variant",
    value: "feature_flag.result.value",
    reason: "feature_flag.result.reason",
    providerName: "feature_flag.provider.name",
    contextId: "feature_flag.context.id",
    setId: "feature_flag.set.id",
    version: "feature_flag.version",
    errorMessage: "feature_flag.error.message",
    errorType: "error.type",
    eventName: "otel.event.name",
    evaluationEvent: "feature_flag.evaluation",
    rolloutId: `${namespace}.rollout.id`,
    rolloutStage: `${namespace}.rollout.stage`,
    rolloutArm: `${namespace}.rollout.arm`,
    outcomeEvent: `${namespace}.outcome`,
    outcomeKind: `${namespace}.outcome.kind`,
    outcomeBoundMs: `${namespace}.outcome.bound_ms`,
    outcomeSource: `${namespace}.outcome.source`,
    outcomeDuration: `${namespace}.outcome.duration`,
    outcome: `${namespace}.outcome`,
    exposuresEvent: `${namespace}.exposures`,
    exposuresUnits: `${namespace}.exposures.units`,
    exposuresSample: `${namespace}.exposures.sample`,
    exposuresCount: `${namespace}.exposures.count`,
    evaluations: `${namespace}.evaluations`,
    dropped: `${namespace}.telemetry.dropped`,
  };
}
