import { flagQueries } from "@flagspan/bridge/assets";
import type { Collector } from "./collector.ts";
import { countErrors, errorRate, type ErrorCount } from "./errors.ts";
import { flagSet, person, type RunningShop } from "./house.ts";
import { findApplied, findChanges, type ChangeMoment } from "./moments.ts";
import { layOutTable, type Narrator } from "./narrator.ts";
import { plans } from "./plans.ts";
import { findKill, storyFlag, summarize, type Summary } from "./summary.ts";

/** What the scenes are played with. */
export interface Stage {
  readonly shop: RunningShop;
  readonly collector: Collector;
  readonly narrator: Narrator;
  readonly incident: "dark-mode" | "none";
  /** How many times as long as usual each part may take. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** What control answers of a rollout, as far as the story reads it. */
interface RolloutAnswer {
  readonly rollout: { readonly id: string; readonly unitsHarmed: number };
}

const quietMs = 6_000;
const breachWithinMs = 55_000;
const healthyMs = 25_000;
const afterwardsMs = 6_000;

/** Plays the Dark Mode incident from the first visitor to the last error, and sums up what was received. */
export async function playScenes(stage: Stage): Promise<Summary> {
  const { shop, collector, narrator } = stage;
  await shop.openDoors();
  narrator.tell("The doors are open: visitors come and buy, some orders fail as they always did.");
  await pause(stage, quietMs);

  const rollouts = await startRollouts(stage);
  const change = await waitForChange(
    stage,
    (candidate) => candidate.flagKey === storyFlag && candidate.action === "rollout",
  );
  narrator.tell(
    `The change has arrived in the collector as an OTLP event: ${change.actor}, “${change.reason}”.`,
  );

  await waitFor(
    stage,
    20_000,
    "spans and logs of all three services carrying the flag",
    () => tagged(stage).size === 3,
  );
  narrator.tell(
    `Spans and logs of ${[...tagged(stage)].sort().join(", ")} carry feature_flags.${storyFlag}.`,
  );

  if (stage.incident === "none") {
    await pause(stage, healthyMs);
    narrator.tell("Nothing is wrong, and the guard left every flag alone.");
    showErrors(stage, change.atUnixMs, Date.now());
    await settle(stage);
    return summarize(collector.received, 0);
  }

  await waitFor(
    stage,
    breachWithinMs,
    "the guard's decision",
    () => findKill(collector.received) !== undefined,
  );
  const kill = findKill(collector.received) as ChangeMoment;
  showErrors(stage, change.atUnixMs, kill.atUnixMs);
  narrator.tell(
    `The guard has seen enough, ${seconds(kill.atUnixMs - change.atUnixMs)} after the change: ${kill.reason}`,
  );
  narrator.tell(`${storyFlag} is killed: everybody gets the control variant.`);

  await waitFor(
    stage,
    10_000,
    "every process to apply the kill",
    () => findApplied(collector.received.logs, kill.id).length === 3,
  );
  for (const applied of findApplied(collector.received.logs, kill.id)) {
    narrator.show([
      `${applied.service} applied it ${Math.max(0, Math.round(applied.atUnixMs - kill.atUnixMs))} ms after the decision`,
    ]);
  }
  await pause(stage, afterwardsMs);
  await settle(stage);
  const { rollout } = await shop.api.send<RolloutAnswer>(
    "GET",
    `/v1/rollouts/${encodeURIComponent(rollouts.get(storyFlag) ?? "")}`,
  );
  const summary = summarize(collector.received, Math.round(rollout.unitsHarmed));
  narrator.tell(
    `${summary.unitsHarmed} users had a bad outcome on the treated side; the errors have stopped: ${percent(summary.errorRateAfter)} of checkouts fail, as before (${percent(summary.errorRateBefore)}).`,
  );
  narrator.tell("What you would paste:");
  const queries = flagQueries(storyFlag, "on");
  narrator.show([
    `TraceQL   ${queries.traceql}`,
    `LogQL     ${queries.logql}`,
    `PromQL    ${queries.promql}`,
    `Datadog   ${queries.datadog}`,
  ]);
  return summary;
}

/** Closes the doors and waits until nothing more arrives, so that no trace is judged by half of what it sent. */
async function settle(stage: Stage): Promise<void> {
  const { spans, logs } = stage.collector.received;
  stage.shop.closeDoors();
  let before = -1;
  for (let round = 0; round < 10 && spans.length + logs.length !== before; round += 1) {
    before = spans.length + logs.length;
    await pause(stage, 1_200);
  }
}

async function startRollouts(stage: Stage): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for (const plan of plans) {
    const created = await stage.shop.api.send<RolloutAnswer>("POST", "/v1/rollouts", {
      ...plan,
      set: flagSet,
    });
    const { id } = created.rollout;
    await stage.shop.api.send("POST", `/v1/rollouts/${encodeURIComponent(id)}/start`, {
      reason: reasons[plan.flag],
    });
    ids.set(plan.flag, id);
    stage.narrator.tell(
      `${person} starts the rollout of ${plan.flag} at ${plan.stages[0].percent} %: “${reasons[plan.flag]}”`,
    );
  }
  return ids;
}

const reasons: Readonly<Record<string, string>> = {
  "new-search": "search is ready for a quarter of our shoppers",
  "express-checkout": "half of our shoppers may skip the basket page",
  "dark-mode": "first tenth of our shoppers see the dark theme",
};

/** The services of which both a span and a log carry the story's flag. */
function tagged(stage: Stage): ReadonlySet<string> {
  const name = `feature_flags.${storyFlag}`;
  const { spans, logs } = stage.collector.received;
  const inLogs = new Set(
    logs.filter((log) => name in log.attributes).map((log) => String(log.resource["service.name"])),
  );
  return new Set(
    spans
      .filter((span) => name in span.attributes)
      .map((span) => String(span.resource["service.name"]))
      .filter((service) => inLogs.has(service)),
  );
}

function showErrors(stage: Stage, from: number, to: number): void {
  stage.narrator.tell(`Checkouts by variant of ${storyFlag}, from the spans received:`);
  const row = (variant: string): readonly string[] => {
    const count: ErrorCount = countErrors(
      stage.collector.received.spans,
      { from, to },
      { key: storyFlag, variant },
    );
    return [
      `${storyFlag} = ${variant}`,
      String(count.requests),
      String(count.errors),
      percent(errorRate(count)),
    ];
  };
  stage.narrator.show(layOutTable(["", "checkouts", "errors", "rate"], [row("on"), row("off")]));
}

async function waitForChange(stage: Stage, isIt: (change: ChangeMoment) => boolean): Promise<ChangeMoment> {
  const find = (): ChangeMoment | undefined => findChanges(stage.collector.received.logs).find(isIt);
  await waitFor(stage, 15_000, "the change as an OTLP event", () => find() !== undefined);
  return find() as ChangeMoment;
}

async function waitFor(stage: Stage, withinMs: number, what: string, holds: () => boolean): Promise<void> {
  const patientlyMs = withinMs * stage.patience;
  const deadline = performance.now() + patientlyMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${patientlyMs / 1000} s for ${what}`);
    await pause(stage, 100);
  }
}

async function pause(stage: Stage, ms: number): Promise<void> {
  const failure = stage.shop.processes.failure();
  if (failure !== undefined) throw new Error(failure);
  if (stage.signal.aborted) throw new Error("stopped");
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stage.signal.removeEventListener("abort", done);
      resolve();
    }
    stage.signal.addEventListener("abort", done, { once: true });
  });
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
