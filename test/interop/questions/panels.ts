import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expectSoon, logql, logqlValue, promql, type Answers, type Finding } from "../ask.ts";
import { configuration, type Stores } from "../backends.ts";
import { quantileBy, rateBy } from "../promql.ts";
import { bucketSeriesOf, lastBy, seriesOf, where, type Series } from "../series.ts";
import { assetFlag } from "../story.ts";
import type { Copy } from "../tap.ts";

const rangeMs = 300_000;
const variant = "feature_flag_result_variant";

/** What one panel should show at a time, worked out from what was sent. */
interface Panel {
  readonly by: readonly string[];
  expect(copy: Copy, atMs: number): Answers;
}

const ofFlag = (series: readonly Series[]): readonly Series[] =>
  where(series, { feature_flag_key: assetFlag.key });
const outcomes = (copy: Copy): readonly Series[] =>
  ofFlag(seriesOf(copy.points, "feature_flag.outcome.duration"));

/** Every Prometheus panel of the shipped dashboard by its title: a panel that is not here fails. */
const panels: Readonly<Record<string, Panel>> = {
  "Error ratio by variant": {
    by: [variant],
    expect: (copy, atMs) => errorRatio(copy, atMs),
  },
  "p95 by variant": {
    by: [variant],
    expect: (copy, atMs) =>
      quantileBy(
        0.95,
        ofFlag(bucketSeriesOf(copy.points, "feature_flag.outcome.duration")),
        [variant],
        atMs,
        rangeMs,
      ),
  },
  "Requests by variant": {
    by: [variant],
    expect: (copy, atMs) => rateBy(outcomes(copy), [variant], atMs, rangeMs),
  },
  "Adoption by variant": {
    by: [variant],
    expect(copy, atMs) {
      const rates = rateBy(
        ofFlag(seriesOf(copy.points, "feature_flag.evaluations")),
        [variant],
        atMs,
        rangeMs,
      );
      const all = [...rates.values()].reduce((sum, each) => sum + each, 0);
      return new Map([...rates].map(([key, each]) => [key, each / all]));
    },
  },
  "Propagation, p99": {
    by: [],
    expect: (copy, atMs) =>
      quantileBy(0.99, bucketSeriesOf(copy.points, "feature_flag.propagation.duration"), [], atMs, rangeMs),
  },
  "Ruleset age": {
    by: ["job", "instance"],
    expect: (copy, atMs) =>
      lastBy(seriesOf(copy.points, "feature_flag.ruleset.age"), ["job", "instance"], atMs, Math.max),
  },
  Changes: {
    by: ["feature_flag_change_action"],
    expect: (copy) => countBy(changesOf(copy).filter(isOfFlag), "feature_flag.change.action"),
  },
  "Sync failures": {
    by: ["job"],
    expect: (copy, atMs) =>
      rateBy(seriesOf(copy.points, "feature_flag.sync.failures"), ["job"], atMs, rangeMs),
  },
};

/** The error ratio by variant, as panel and recording rule have it. */
export function errorRatio(copy: Copy, atMs: number): Answers {
  const all = rateBy(outcomes(copy), [variant], atMs, rangeMs);
  const bad = rateBy(where(outcomes(copy), { feature_flag_outcome: "error" }), [variant], atMs, rangeMs);
  return new Map([...all].map(([key, each]) => [key, (bad.get(key) ?? 0) / each]));
}

/** Asks what every panel of the shipped dashboard shows, with `$__rate_interval` being five minutes. */
export async function askPanels(stores: Stores, copy: Copy): Promise<readonly Finding[]> {
  const file = join(configuration, "grafana/dashboards/dark-mode.dashboard.json");
  const dashboard = JSON.parse(await readFile(file, "utf8")) as {
    panels: readonly {
      title: string;
      type: string;
      datasource: { type: string };
      targets: readonly { expr?: string; query?: string }[];
    }[];
  };
  const findings: Finding[] = [];
  for (const { title, datasource, targets } of dashboard.panels) {
    const expression = targets[0]?.expr ?? "";
    const what = `panel "${title}"`;
    if (datasource.type === "prometheus") {
      const panel = panels[title];
      if (panel === undefined) throw new Error(`nothing is known of ${what}`);
      const query = expression.replaceAll("$__rate_interval", "5m");
      let atMs = 0;
      const ask = (): Promise<Answers> => promql(stores.prometheus, query, panel.by, (atMs = Date.now()));
      findings.push(await expectSoon(what, () => panel.expect(copy, atMs), ask));
    } else if (title === "Change log") {
      const wanted = changesOf(copy).filter(isOfFlag).length;
      findings.push(
        await expectSoon(
          what,
          () => new Map([["lines", wanted]]),
          async () => new Map([["lines", (await logql(stores.loki, expression)).length]]),
        ),
      );
    } else if (title === "Slowest process of a change or kill") {
      const slowest = Math.max(
        ...copy.logs
          .filter(({ eventName }) => eventName === "feature_flag.applied")
          .filter(isOfFlag)
          .map(({ attributes }) => Number(attributes["feature_flag.propagation.duration"])),
      );
      const query = expression.replaceAll("$__range", "1h");
      findings.push(
        await expectSoon(
          what,
          () => new Map([["s", slowest]]),
          async () => new Map([["s", (await logqlValue(stores.loki, query)) ?? Number.NaN]]),
        ),
      );
    } else if (datasource.type !== "tempo") throw new Error(`nothing is known of ${what}`);
    // The Tempo panel's question is put to Jaeger, by the same attributes: questions/traces.ts.
  }
  return findings;
}

/** The change events that were sent, each id once. */
export function changesOf(copy: Copy): Copy["logs"] {
  const byId = new Map(
    copy.logs
      .filter(({ eventName }) => eventName === "feature_flag.change")
      .map((record) => [record.attributes["feature_flag.change.id"], record]),
  );
  return [...byId.values()];
}

function isOfFlag({ attributes }: Copy["logs"][number]): boolean {
  return attributes["feature_flag.key"] === assetFlag.key;
}

function countBy(records: Copy["logs"], attribute: string): Answers {
  const counts = new Map<string, number>();
  for (const { attributes } of records) {
    const key = String(attributes[attribute]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
