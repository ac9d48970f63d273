import { fileName, type AssetFile, type AssetFlag } from "./flag.ts";

/**
 * Writes a Datadog monitor for `POST /api/v1/monitor`: the share of bad outcomes of one variant. Its tags carry the flag, so that its
 * webhook can be attached to it.
 */
export function datadogMonitor(flag: AssetFlag): AssetFile {
  const variant = flag.treatment ?? flag.variants[0] ?? "on";
  const scope = `feature_flag.key:${flag.key},feature_flag.result.variant:${variant}`;
  const count = (filter: string): string => `count:feature_flag.outcome.duration{${filter}}.as_count()`;
  const monitor = {
    name: `Flag ${flag.key}: ${variant} fails`,
    type: "query alert",
    query: `sum(last_5m):${count(`${scope},feature_flag.outcome:error`)} / ${count(scope)} > 0.05`,
    message: `{{#is_alert}}Variant ${variant} of flag ${flag.key} (${flag.flagSetId}) fails {{value}} of its requests. Kill it: \`flagspan flag kill ${flag.flagSetId} ${flag.key} --reason "…"\`{{/is_alert}}`,
    tags: [`feature_flag.key:${flag.key}`, `feature_flag.set.id:${flag.flagSetId}`, "created_by:flagspan"],
    options: {
      thresholds: { critical: 0.05, warning: 0.02 },
      notify_no_data: false,
      require_full_window: false,
      include_tags: true,
    },
  };
  return {
    path: `datadog/${fileName(flag.key)}.monitor.json`,
    text: `${JSON.stringify(monitor, null, 2)}\n`,
  };
}
