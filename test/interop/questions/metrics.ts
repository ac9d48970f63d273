import { expectSoon, getJson, promql, type Answers, type Finding } from "../ask.ts";
import type { Stores } from "../backends.ts";
import { lastBy, seriesOf } from "../series.ts";
import { assetFlag } from "../story.ts";
import type { Copy } from "../tap.ts";
import { changesOf, errorRatio } from "./panels.ts";

const variant = "feature_flag_result_variant";

/** Asks Prometheus for what was counted, by the shop and by the collector, and for its rules and alerts. */
export async function askMetrics(stores: Stores, copy: Copy): Promise<readonly Finding[]> {
  const { prometheus } = stores;
  const count = async (
    what: string,
    query: string,
    by: readonly string[],
    wanted: (atMs: number) => Answers,
  ): Promise<Finding> => {
    let atMs = 0;
    return expectSoon(
      what,
      () => wanted(atMs),
      () => promql(prometheus, query, by, (atMs = Date.now())),
    );
  };
  const spanLabels = ["service_name", "feature_flags_dark_mode", "status_code"];
  return [
    await count(
      "Prometheus counts the outcomes of every flag by service, variant and result",
      `sum by (job, feature_flag_key, ${variant}, feature_flag_outcome) (feature_flag_outcome_duration_seconds_count)`,
      ["job", "feature_flag_key", variant, "feature_flag_outcome"],
      (atMs) =>
        lastBy(
          seriesOf(copy.points, "feature_flag.outcome.duration"),
          ["job", "feature_flag_key", variant, "feature_flag_outcome"],
          atMs,
        ),
    ),
    await count(
      "Prometheus counts the evaluations of every flag by service and variant",
      `sum by (job, feature_flag_key, ${variant}) (feature_flag_evaluations_total)`,
      ["job", "feature_flag_key", variant],
      (atMs) =>
        lastBy(seriesOf(copy.points, "feature_flag.evaluations"), ["job", "feature_flag_key", variant], atMs),
    ),
    await count(
      "Prometheus counts the changes of all flags",
      "sum(feature_flag_changes_total)",
      [],
      () => new Map([["", changesOf(copy).length]]),
    ),
    await count(
      "span metrics count every span, before any sampling, by service, variant and status",
      `sum by (${spanLabels.join(", ")}) (traces_span_metrics_calls_total)`,
      spanLabels,
      () => countSpans(copy),
    ),
    await count(
      "recording rule flagspan:outcome_error_ratio:rate5m",
      "flagspan:outcome_error_ratio:rate5m",
      [variant],
      (atMs) => errorRatio(copy, atMs),
    ),
    await expectSoon(
      "every rule is healthy",
      () => new Map([["ok", 5]]),
      async () => countHealth(await getJson(`${prometheus}/api/v1/rules`)),
    ),
    await expectSoon(
      "the alert FlagVariantFails fires, for the treated variant and no other",
      () => new Map([[`FlagVariantFails ${assetFlag.treatment}`, 1]]),
      async () => listFiring(await getJson(`${prometheus}/api/v1/alerts`)),
      60,
    ),
  ];
}

function countSpans(copy: Copy): Answers {
  const counts = new Map<string, number>();
  for (const { resource, attributes, status } of copy.spans) {
    const key = [
      String(resource["service.name"]),
      String(attributes[`feature_flags.${assetFlag.key}`] ?? ""),
      `STATUS_CODE_${status.code.toUpperCase()}`,
    ].join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function countHealth(answer: unknown): Answers {
  const { data } = answer as {
    data: { groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[] };
  };
  const counts = new Map<string, number>();
  for (const { name, health, lastError } of data.groups.flatMap(({ rules }) => rules)) {
    const key = health === "ok" ? "ok" : `${name} ${health} ${lastError ?? ""}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function listFiring(answer: unknown): Answers {
  const { data } = answer as {
    data: { alerts: readonly { state: string; labels: Record<string, string> }[] };
  };
  const firing = data.alerts.filter(({ state }) => state === "firing");
  return new Map(firing.map(({ labels }) => [`${labels["alertname"]} ${labels[variant] ?? ""}`.trim(), 1]));
}
