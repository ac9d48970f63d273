import { quote } from "./queries.ts";

/** Names of our metrics as Prometheus keeps them (OTLP translation with suffixes). */
export const metricNames = {
  evaluations: "feature_flag_evaluations_total",
  outcomes: "feature_flag_outcome_duration_seconds_count",
  outcomeBuckets: "feature_flag_outcome_duration_seconds_bucket",
  changes: "feature_flag_changes_total",
  propagationBuckets: "feature_flag_propagation_duration_seconds_bucket",
  rulesetAge: "feature_flag_ruleset_age_seconds",
  syncFailures: "feature_flag_sync_failures_total",
  dropped: "feature_flag_telemetry_dropped_total",
} as const;

/** PromQL over one flag; `window` is a range such as `5m` or `$__rate_interval`. */
export interface FlagExpressions {
  readonly errorRatio: string;
  readonly p95: string;
  readonly requests: string;
  readonly adoption: string;
  readonly changes: string;
  readonly propagationP99: string;
  readonly rulesetAge: string;
  readonly syncFailures: string;
}

/** Writes what the dashboard shows and the rules record, in one place so that both ask the same. */
export function flagExpressions(flagKey: string, window: string): FlagExpressions {
  const flag = `feature_flag_key=${quote(flagKey)}`;
  const rate = (metric: string, more: string = ""): string => `rate(${metric}{${flag}${more}}[${window}])`;
  const byVariant = "sum by (feature_flag_result_variant)";
  const { outcomes, outcomeBuckets, evaluations, changes, propagationBuckets } = metricNames;
  return {
    // A variant without errors has no error series: the second term gives it a zero instead of a gap.
    errorRatio: `(${byVariant} (${rate(outcomes, ',feature_flag_outcome="error"')}) or ${byVariant} (${rate(outcomes)}) * 0) / ${byVariant} (${rate(outcomes)})`,
    p95: `histogram_quantile(0.95, sum by (le, feature_flag_result_variant) (${rate(outcomeBuckets)}))`,
    requests: `${byVariant} (${rate(outcomes)})`,
    adoption: `${byVariant} (${rate(evaluations)}) / scalar(sum(${rate(evaluations)}))`,
    // The running count: `increase` sees nothing of the first change of a series, and most series have one.
    changes: `sum by (feature_flag_change_action) (${changes}{${flag}})`,
    propagationP99: `histogram_quantile(0.99, sum by (le) (rate(${propagationBuckets}[${window}])))`,
    rulesetAge: `max by (job, instance) (${metricNames.rulesetAge})`,
    syncFailures: `sum by (job) (rate(${metricNames.syncFailures}[${window}]))`,
  };
}
