import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { flagAssets, flagQueries } from "@flagspan/bridge/assets";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url).pathname;
const flag = {
  key: "dark-mode",
  flagSetId: "shop.prod",
  variants: ["on", "off"],
  treatment: "on",
  control: "off",
};
const fileOf = (folder: string): string =>
  flagAssets(flag).find(({ path }) => path.startsWith(folder))?.text ?? "";

test("the same flag gives the same bytes, and the compose file provisions what they say", async () => {
  expect(flagAssets(flag)).toEqual(flagAssets({ ...flag }));
  const provisioned = (path: string): Promise<string> => readFile(join(root, "otel-collector", path), "utf8");
  const dashboard: unknown = JSON.parse(await provisioned("grafana/dashboards/dark-mode.dashboard.json"));
  expect(dashboard).toEqual(JSON.parse(fileOf("grafana/")));
  const rules: unknown = parse(await provisioned("prometheus/rules/dark-mode.rules.yaml"));
  expect(rules).toEqual(parse(fileOf("prometheus/")));
});

test("monitor and runbook are as they were agreed", () => {
  expect(fileOf("datadog/")).toMatchSnapshot("monitor");
  expect(fileOf("runbooks/")).toMatchSnapshot("runbook");
});

test("one screen answers the questions of an incident", () => {
  const dashboard = JSON.parse(fileOf("grafana/")) as {
    panels: { title: string; gridPos: { y: number; h: number } }[];
    annotations: { list: unknown[] };
  };
  expect(dashboard.panels.map(({ title }) => title)).toEqual([
    "Error ratio by variant",
    "p95 by variant",
    "Requests by variant",
    "Adoption by variant",
    "Propagation, p99",
    "Ruleset age",
    "Slowest process of a change or kill",
    "Changes",
    "Sync failures",
    "Change log",
    "Failing traces under on",
  ]);
  expect(dashboard.annotations.list).toHaveLength(1);
});

test("every alert names the flag's runbook, and every rule its flag", () => {
  const { groups } = parse(fileOf("prometheus/")) as {
    groups: { rules: { alert?: string; expr: string; annotations?: Record<string, string> }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const alerts = rules.filter((rule) => rule.alert !== undefined);
  expect(alerts.map(({ alert }) => alert)).toEqual([
    "FlagVariantFails",
    "FlagVariantSlow",
    "FlagRulesetStale",
  ]);
  expect(alerts.every(({ annotations }) => annotations?.["runbook_url"] === "runbooks/dark-mode.md")).toBe(
    true,
  );
});

test("a flag's key cannot leave its folder or its quotes", () => {
  const hostile = { key: '../../etc/"a" or 1', flagSetId: "s", variants: ["on"] };
  for (const { path, text } of flagAssets(hostile)) {
    expect(path).toMatch(/^[a-z]+\/[A-Za-z0-9_-][A-Za-z0-9_.-]*$/);
    // JSON is YAML; the runbook is text.
    expect(() => (path.endsWith(".md") ? text : (parse(text) as unknown))).not.toThrow();
  }
});

test("the queries are what an engineer would paste", () => {
  expect(flagQueries("dark-mode", "on")).toEqual({
    traceql: '{ span."feature_flags.dark-mode" = "on" && status = error }',
    logql: '{service_name=~".+"} | feature_flags_dark_mode="on"',
    promql:
      'sum(rate(feature_flag_outcome_duration_seconds_count{feature_flag_key="dark-mode",feature_flag_result_variant="on",feature_flag_outcome="error"}[5m])) / sum(rate(feature_flag_outcome_duration_seconds_count{feature_flag_key="dark-mode",feature_flag_result_variant="on"}[5m]))',
    datadog: "@feature_flags.dark-mode:on status:error",
    dql: 'fetch spans | filter `feature_flags.dark-mode` == "on" and span.status_code == "error"',
  });
});
