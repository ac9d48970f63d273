import { expectSoon, type Answers, type Finding } from "../ask.ts";
import { assetFlag, type Summary } from "../story.ts";
import type { Copy } from "../tap.ts";

const fastLane: ReadonlySet<string> = new Set(["feature_flag.outcome", "feature_flag.exposures"]);

/** Whether the guard, which heard of outcomes from the collector alone, did what the story tells. */
export async function askStory(summary: Summary): Promise<readonly Finding[]> {
  const killed = summary.blamed === assetFlag.key && summary.unitsHarmed > 0;
  return [
    await expectSoon(
      "the shop's whole story happened with the guard's outcomes going through the collector: flags killed, processes that applied it",
      () =>
        new Map([
          ["happened", 1],
          ["killed", 1],
          ["applied", 3],
        ]),
      async () =>
        new Map([
          ["happened", summary.isWhole ? 1 : 0],
          ["killed", killed ? 1 : 0],
          ["applied", summary.decisionToAppliedMs?.instances ?? 0],
        ]),
      0,
    ),
  ];
}

/** Compares what control took from the collector with what the shop had sent it: the guard's two events, all of them, and nothing else. */
export async function askOutcomes(sent: Copy, arrived: Copy): Promise<readonly Finding[]> {
  return [
    await expectSoon(
      "control took every outcome and exposure from the collector, and nothing else",
      () => countEvents(sent.logs.filter(({ eventName = "" }) => fastLane.has(eventName))),
      async () => countEvents(arrived.logs),
    ),
  ];
}

function countEvents(records: Copy["logs"]): Answers {
  const counts = new Map<string, number>();
  for (const { eventName = "no event name" } of records)
    counts.set(eventName, (counts.get(eventName) ?? 0) + 1);
  return counts;
}
