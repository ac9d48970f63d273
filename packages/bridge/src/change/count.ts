import type { FlagChange } from "@flagspan/ruleset/change";
import type { MetricPoint } from "../otlp/index.ts";
import type { ChangeTeller } from "./log-record.ts";

/**
 * Counts changes by flag, action and source as points of the delta sum `feature_flag.changes`. `startUnixMs` is where the last count
 * ended: the spans of time of one series must not overlap.
 */
export function countChanges(
  changes: readonly FlagChange[],
  teller: ChangeTeller,
  startUnixMs: number,
  nowMs: number,
): readonly MetricPoint[] {
  const prefix = teller.namespace ?? "feature_flag";
  const points = new Map<string, MetricPoint>();
  for (const change of changes) {
    const key = JSON.stringify([change.flagSetId, change.flagKey, change.action, change.source]);
    points.set(key, {
      resource: teller.resource,
      scope: teller.scope,
      name: `${prefix}.changes`,
      unit: "{change}",
      description: "Changes of feature flags",
      kind: "sum",
      temporality: "delta",
      monotonic: true,
      attributes: {
        "feature_flag.key": change.flagKey,
        "feature_flag.set.id": change.flagSetId,
        [`${prefix}.change.action`]: change.action,
        [`${prefix}.change.source`]: change.source,
      },
      startUnixMs,
      timeUnixMs: nowMs,
      value: (points.get(key)?.value ?? 0) + 1,
    });
  }
  return [...points.values()];
}
