import { flagQueries } from "@flagspan/bridge/assets";
import { expectSoon, logql, logqlValue, type Answers, type Finding } from "../ask.ts";
import type { Stores } from "../backends.ts";
import { assetFlag } from "../story.ts";
import type { Copy } from "../tap.ts";
import { changesOf } from "./panels.ts";

const tag = `feature_flags.${assetFlag.key}`;
/** Lines with an order in them: Loki keeps lines of one stream, one time and one text once. */
const orderTaken = /^order .+ taken$/;

/** Asks Loki for the log lines of each variant, and for every change event. */
export async function askLogs({ loki }: Stores, copy: Copy): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const variant of assetFlag.variants) {
    const lines = copy.logs.filter(
      ({ body = "", attributes }) => orderTaken.test(body) && attributes[tag] === variant,
    );
    const query = `sum(count_over_time(${flagQueries(assetFlag.key, variant).logql} |~ \`${orderTaken.source}\` [1h]))`;
    findings.push(
      await expectSoon(
        `Loki finds the orders of ${tag}=${variant}`,
        () => new Map([["lines", lines.length]]),
        async () => new Map([["lines", (await logqlValue(loki, query)) ?? 0]]),
      ),
    );
  }
  findings.push(
    await expectSoon(
      "Loki has every change event, each once",
      () =>
        new Map(changesOf(copy).map(({ attributes }) => [String(attributes["feature_flag.change.id"]), 1])),
      async () => countIds(await logql(loki, '{service_name=~".+"} | otel_event_name="feature_flag.change"')),
    ),
  );
  return findings;
}

function countIds(lines: readonly Readonly<Record<string, string>>[]): Answers {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const id = line["feature_flag_change_id"] ?? "no id";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
