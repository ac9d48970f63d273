import type { Received } from "./collector.ts";
import { coverLogs, coverSpans, findFirstEvaluations, type Coverage } from "./coverage.ts";
import { countErrors, errorRate } from "./errors.ts";
import { findApplied, findChanges, type ChangeMoment } from "./moments.ts";

/** What `--json` prints: every figure computed from OTLP data or acknowledgements that were received. */
export interface Summary {
  readonly changeEvents: number;
  readonly spans: Coverage;
  readonly logs: Coverage;
  /** Names of the services that sent eligible spans. */
  readonly services: readonly string[];
  /** From the change to the guard's decision; null where nothing was decided. */
  readonly detectionMs: number | null;
  readonly decisionToAppliedMs: {
    readonly p50: number;
    readonly max: number;
    readonly instances: number;
  } | null;
  /** Distinct users with a bad outcome on the treated side, as the guard counted them. */
  readonly unitsHarmed: number;
  /** The flags that were killed, joined by a comma; null where none was. */
  readonly blamed: string | null;
  readonly errorRateBefore: number;
  readonly errorRateDuring: { readonly treatment: number; readonly control: number };
  readonly errorRateAfter: number;
}

/** The flag the story is about. */
export const storyFlag = "dark-mode";

/** Computes the summary of what was received; `unitsHarmed` comes from the guard's report, which counts received outcome events. */
export function summarize(received: Received, unitsHarmed: number): Summary {
  const changes = findChanges(received.logs);
  const first = findFirstEvaluations(received.logs);
  const rollout = changes.find((change) => change.flagKey === storyFlag && change.action === "rollout");
  const kills = changes.filter((change) => change.action === "killed");
  const kill = kills.find((change) => change.flagKey === storyFlag);
  const applied =
    kill === undefined
      ? []
      : findApplied(received.logs, kill.id).map((moment) => moment.atUnixMs - kill.atUnixMs);
  const from = rollout?.atUnixMs ?? Infinity;
  const to = kill === undefined ? Infinity : kill.atUnixMs + Math.max(0, ...applied);
  const arm = (variant: string): number =>
    errorRate(countErrors(received.spans, { from, to }, { key: storyFlag, variant }));
  return {
    changeEvents: changes.length,
    spans: coverSpans(received.spans, first),
    logs: coverLogs(received.logs, first),
    services: servicesWith(received, first),
    detectionMs: kill === undefined || rollout === undefined ? null : round(kill.atUnixMs - rollout.atUnixMs),
    decisionToAppliedMs:
      applied.length === 0
        ? null
        : { p50: round(median(applied)), max: round(Math.max(...applied)), instances: applied.length },
    unitsHarmed,
    blamed: kills.length === 0 ? null : [...new Set(kills.map((change) => change.flagKey))].join(","),
    errorRateBefore: share(errorRate(countErrors(received.spans, { from: -Infinity, to: from }))),
    errorRateDuring: { treatment: share(arm("on")), control: share(arm("off")) },
    errorRateAfter: share(errorRate(countErrors(received.spans, { from: to, to: Infinity }))),
  };
}

/** The kill of the story's flag among the received changes, once it has arrived. */
export function findKill(received: Received): ChangeMoment | undefined {
  return findChanges(received.logs).find(
    (change) => change.flagKey === storyFlag && change.action === "killed",
  );
}

function servicesWith(
  received: Received,
  first: ReadonlyMap<string, { readonly atUnixMs: number }>,
): readonly string[] {
  const names = new Set<string>();
  for (const span of received.spans)
    if (first.has(span.traceId)) names.add(String(span.resource["service.name"]));
  return [...names].sort();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

const round = (ms: number): number => Math.round(ms);
const share = (rate: number): number => Math.round(rate * 10_000) / 10_000;
