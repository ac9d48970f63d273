import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { dataquery as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import type { Dataquery as PrometheusQuery } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Dataquery as TempoQuery } from "@grafana/grafana-foundation-sdk/tempo";
import { fileName, type AssetFile, type AssetFlag } from "./flag.ts";
import { flagExpressions } from "./metrics.ts";
import { flagQueries, quote } from "./queries.ts";

// The SDK marks its query types with a method that JSON cannot have.
type Plain<T> = Omit<T, "_implementsDataqueryVariant">;
type Query = Plain<PrometheusQuery> | Plain<LokiQuery> | Plain<TempoQuery>;
type PlainPanel = Omit<Panel, "targets"> & { readonly targets: Query[] };
type PlainDashboard = Omit<Dashboard, "panels"> & { readonly panels: PlainPanel[] };

const prometheus = { type: "prometheus", uid: "prometheus" };
const loki = { type: "loki", uid: "loki" };
const tempo = { type: "tempo", uid: "tempo" };

/**
 * Writes a flag's Grafana dashboard: error ratio, p95, requests and adoption by variant, every change as an annotation, how long
 * changes took to reach everybody (a kill among them), the age of rulesets, the change log and failing traces, on one screen. Data sources
 * are found by the uids `prometheus`, `loki` and `tempo`.
 */
export function flagDashboard(flag: AssetFlag): AssetFile {
  const promql = flagExpressions(flag.key, "$__rate_interval");
  const changes = `{service_name=~".+"} | otel_event_name="feature_flag.change" | feature_flag_key=${quote(flag.key)}`;
  const applied = `{service_name=~".+"} | otel_event_name="feature_flag.applied" | feature_flag_key=${quote(flag.key)}`;
  const variant = flag.treatment ?? flag.variants[0] ?? "on";
  const panels: PlainPanel[] = [
    series(
      1,
      [0, 0],
      "Error ratio by variant",
      "percentunit",
      promql.errorRatio,
      "{{feature_flag_result_variant}}",
    ),
    series(2, [8, 0], "p95 by variant", "s", promql.p95, "{{feature_flag_result_variant}}"),
    series(3, [16, 0], "Requests by variant", "reqps", promql.requests, "{{feature_flag_result_variant}}"),
    series(
      4,
      [0, 7],
      "Adoption by variant",
      "percentunit",
      promql.adoption,
      "{{feature_flag_result_variant}}",
    ),
    series(5, [8, 7], "Propagation, p99", "s", promql.propagationP99, "change to applied"),
    series(6, [16, 7], "Ruleset age", "s", promql.rulesetAge, "{{job}} {{instance}}"),
    {
      ...panel(7, [0, 14], "stat", "Slowest process of a change or kill"),
      datasource: loki,
      fieldConfig: { defaults: { unit: "s" }, overrides: [] },
      targets: [
        {
          refId: "A",
          datasource: loki,
          expr: `max(max_over_time(${applied} | unwrap feature_flag_propagation_duration [$__range]))`,
          queryType: "instant",
        },
      ],
    },
    series(8, [8, 14], "Changes", "short", promql.changes, "{{feature_flag_change_action}}"),
    series(9, [16, 14], "Sync failures", "short", promql.syncFailures, "{{job}}"),
    {
      ...panel(10, [0, 21], "logs", "Change log", 12),
      datasource: loki,
      targets: [{ refId: "A", datasource: loki, expr: changes, queryType: "range" }],
    },
    {
      ...panel(11, [12, 21], "table", `Failing traces under ${variant}`, 12),
      datasource: tempo,
      targets: [
        {
          refId: "A",
          datasource: tempo,
          queryType: "traceql",
          query: flagQueries(flag.key, variant).traceql,
          limit: 20,
          filters: [],
        },
      ],
    },
  ];
  const dashboard: PlainDashboard = {
    uid: `flagspan-${fileName(flag.key)}`.slice(0, 40),
    title: `Flag ${flag.key}`,
    description: `What ${flag.key} of ${flag.flagSetId} does to its users, variant by variant. Written by \`flagspan assets\`; edits are lost.`,
    tags: ["flagspan", `flag:${flag.key}`],
    timezone: "browser",
    editable: true,
    refresh: "10s",
    schemaVersion: 39,
    time: { from: "now-1h", to: "now" },
    templating: { list: [] },
    annotations: {
      list: [
        {
          name: "Flag changes",
          enable: true,
          iconColor: "red",
          datasource: loki,
          expr: changes,
        },
      ],
    },
    panels,
  };
  return {
    path: `grafana/${fileName(flag.key)}.dashboard.json`,
    text: `${JSON.stringify(dashboard, null, 2)}\n`,
  };
}

function panel(id: number, [x, y]: readonly [number, number], type: string, title: string, w: number = 8) {
  return { id, type, title, gridPos: { x, y, w, h: 7 } };
}

function series(
  id: number,
  at: readonly [number, number],
  title: string,
  unit: string,
  expr: string,
  legendFormat: string,
): PlainPanel {
  return {
    ...panel(id, at, "timeseries", title),
    datasource: prometheus,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: [{ refId: "A", datasource: prometheus, expr, legendFormat, range: true }],
  };
}
