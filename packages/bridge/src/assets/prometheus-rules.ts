import { fileName, type AssetFile, type AssetFlag } from "./flag.ts";
import { flagExpressions, metricNames } from "./metrics.ts";
import { quote } from "./queries.ts";

/** An alert or recording rule; the texts go into YAML as JSON strings, which YAML reads alike. */
interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Writes a flag's recording and alert rules for Prometheus: error ratio and p95 by variant, and alerts for a variant that fails more than
 * its siblings, for one that is slower, and for changes that do not arrive. Labels carry the flag, so that Alertmanager's webhook can be
 * attached to it; `runbook_url` points at the runbook written beside them.
 */
export function flagRules(flag: AssetFlag, runbookBase: string = "runbooks"): AssetFile {
  const promql = flagExpressions(flag.key, "5m");
  const labels = { feature_flag_key: flag.key, feature_flag_set_id: flag.flagSetId };
  const key = quote(flag.key);
  const ratio = `flagspan:outcome_error_ratio:rate5m{feature_flag_key=${key}}`;
  const p95 = `flagspan:outcome_p95_seconds:rate5m{feature_flag_key=${key}}`;
  const runbook = { runbook_url: `${runbookBase.replace(/\/+$/, "")}/${fileName(flag.key)}.md` };
  const enough = `sum by (feature_flag_result_variant, feature_flag_key) (increase(${metricNames.outcomes}{feature_flag_key=${key}}[5m])) > 20`;
  const rules: readonly Rule[] = [
    { record: "flagspan:outcome_error_ratio:rate5m", expr: promql.errorRatio, labels },
    { record: "flagspan:outcome_p95_seconds:rate5m", expr: promql.p95, labels },
    {
      alert: "FlagVariantFails",
      // Twice as bad as the best variant and at least two in a hundred, on more than twenty requests.
      expr: `${ratio} > 0.02 and ${ratio} > 2 * scalar(min(${ratio})) and on (feature_flag_result_variant) ${enough}`,
      for: "30s",
      labels: { severity: "critical" },
      annotations: {
        summary: `Variant {{ $labels.feature_flag_result_variant }} of ${flag.key} fails {{ $value | humanizePercentage }} of its requests`,
        ...runbook,
      },
    },
    {
      alert: "FlagVariantSlow",
      expr: `${p95} > 0.1 and ${p95} > 2 * scalar(min(${p95})) and on (feature_flag_result_variant) ${enough}`,
      for: "2m",
      labels: { severity: "warning" },
      annotations: {
        summary: `Variant {{ $labels.feature_flag_result_variant }} of ${flag.key} has a p95 of {{ $value | humanizeDuration }}`,
        ...runbook,
      },
    },
    {
      alert: "FlagRulesetStale",
      expr: `${promql.rulesetAge} > 300`,
      for: "1m",
      labels: { ...labels, severity: "warning" },
      annotations: {
        summary: `{{ $labels.job }} {{ $labels.instance }} has had no word from control for {{ $value | humanizeDuration }}: a kill would not reach it`,
        ...runbook,
      },
    },
  ];
  const name = fileName(flag.key);
  return {
    path: `prometheus/${name}.rules.yaml`,
    text: `# Written by \`flagspan assets\`; edits are lost.\ngroups:\n  - name: ${JSON.stringify(`flagspan-${name}`)}\n    interval: 15s\n    rules:\n${rules.map(writeRule).join("")}`,
  };
}

function writeRule(rule: Rule): string {
  const head = rule.record === undefined ? `alert: ${rule.alert ?? ""}` : `record: ${rule.record}`;
  return [
    `      - ${head}`,
    `        expr: ${JSON.stringify(rule.expr)}`,
    ...(rule.for === undefined ? [] : [`        for: ${rule.for}`]),
    ...writeMap("labels", rule.labels),
    ...writeMap("annotations", rule.annotations ?? {}),
    "",
  ].join("\n");
}

function writeMap(name: string, map: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(map);
  if (entries.length === 0) return [];
  return [`        ${name}:`, ...entries.map(([key, value]) => `          ${key}: ${JSON.stringify(value)}`)];
}
