import {
  isKilling,
  judgeGuardrails,
  judgeSampleRatio,
  outcomesOf,
  strataOf,
  thresholdOf,
} from "../life/judge.ts";
import { nameStage } from "../life/stage-name.ts";
import type { Breach, Propagation } from "../life/state.ts";
import type { Status } from "../life/transitions.ts";
import type { ArmCounts, Observations } from "../observations/observations.ts";
import type { BadSighting } from "../observations/outcome-book.ts";
import { describeDuration } from "../plan/duration.ts";
import type { Plan, RatioGuardrail } from "../plan/plan.ts";
import { estimateRateRatio } from "../statistics/confidence-sequence.ts";
import { expectDetectionSeconds } from "../statistics/planner.ts";
import { anytimeP } from "../statistics/rate-ratio.ts";
import type { DecisionEntry, RolloutRecord } from "./rollout-record.ts";

/** One line of a rollout's history. */
export interface TimelineEntry {
  readonly at: string;
  readonly status: Status;
  readonly stage: string;
  readonly text: string;
}

/** One stage as the report shows it; counts are distinct units, exposed ones estimated from the sample. */
export interface StageView {
  readonly name: string;
  readonly share: number;
  readonly exposed: ArmCounts;
  readonly bad: Readonly<Record<string, ArmCounts>>;
}

/** One guardrail as the report shows it. */
export interface GuardrailView {
  readonly id: string;
  readonly text: string;
  /** Chance, under every look so far, of evidence this strong without harm. */
  readonly anytimeP?: number;
  /** Evidence as a part of what a breach needs, 0 to 1. */
  readonly progress?: number;
  /** Rate ratio of treatment to control with a 95 % confidence sequence; null is unbounded or unknown. */
  readonly rateRatio?: {
    readonly estimate: number | null;
    readonly lower: number;
    readonly upper: number | null;
  };
}

/** Where the time from the first bad unit to everybody being off went, in milliseconds. */
export interface DelayView {
  readonly firstBadToDecisionMs: number | null;
  readonly decisionToPublishedMs: number | null;
  readonly publishedToEverywhereMs: number | null;
  readonly decisionToEverywhereMs: number | null;
}

/** A rollout as people and programs see it: what `GET /v1/rollouts/{id}` answers and reports are written from. */
export interface RolloutView {
  readonly id: string;
  readonly set: string;
  readonly flag: string;
  readonly status: Status;
  readonly stage: string;
  /** 0 to 100; null in a segment stage. */
  readonly percent: number | null;
  readonly run: number;
  readonly elapsedMs: number;
  readonly minMs: number;
  readonly startedAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly reasons: readonly string[];
  readonly plan: Plan;
  readonly slowMs: readonly number[];
  readonly stages: readonly StageView[];
  readonly guardrails: readonly GuardrailView[];
  readonly sampleRatio: { readonly anytimeP: number; readonly text: string };
  readonly breach: Breach | null;
  readonly unitsPerSecond: number;
  /** What this stage can see at the current traffic, in words. */
  readonly sensitivity: string | null;
  /** Treated users with a bad outcome beyond what control's rate explains, over all stages and kinds; never negative. */
  readonly unitsHarmed: number;
  readonly delay: DelayView;
  readonly propagation: Propagation | null;
  readonly obstacle: string | null;
  readonly dropped: number;
  readonly timeline: readonly TimelineEntry[];
  readonly followUps: readonly string[];
}

/** Builds the view of a rollout from its record, what its current run has seen, and its decisions. */
export function viewRollout(
  record: RolloutRecord,
  observations: Observations,
  decisions: readonly DecisionEntry[],
): RolloutView {
  const { plan, state } = record;
  const stage = plan.stages[state.stage];
  const ratio = judgeSampleRatio(state, observations);
  return {
    id: record.id,
    set: plan.flagSetId,
    flag: plan.flagKey,
    status: state.status,
    stage: nameStage(plan, state.stage, state.run),
    percent: stage?.kind === "percent" ? stage.percent : stage === undefined ? 0 : null,
    run: state.run,
    elapsedMs: state.elapsedMs,
    minMs: stage?.hold.minMs ?? 0,
    startedAt: state.startedMs === undefined ? null : new Date(state.startedMs).toISOString(),
    createdAt: new Date(record.createdMs).toISOString(),
    createdBy: record.createdBy,
    reasons: record.reasons.map((reason) => reason.text),
    plan,
    slowMs: state.slowMs,
    stages: viewStages(observations),
    guardrails: viewGuardrails(record, observations),
    sampleRatio: {
      anytimeP: anytimeP(Math.max(ratio.logEvidence, state.largest["sample-ratio"] ?? 0)),
      text: ratio.text,
    },
    breach: state.breach ?? null,
    unitsPerSecond: observations.unitsPerSecond,
    sensitivity: describeSensitivity(record, observations),
    unitsHarmed: countHarmed(observations),
    delay: viewDelay(record, observations, decisions),
    propagation: state.propagation ?? null,
    obstacle: state.obstacle ?? null,
    dropped: observations.dropped,
    timeline: decisions.flatMap((entry) =>
      entry.cause === "tick" && entry.actions.length === 0 && entry.before.status === entry.after.status
        ? []
        : entry.reasons.map((reason) => ({
            at: new Date(entry.atMs).toISOString(),
            status: entry.after.status,
            stage: nameStage(plan, entry.after.stage, entry.after.run),
            text: reason.text,
          })),
    ),
    followUps: listFollowUps(record),
  };
}

/** What support sees of one unit in one rollout. */
export interface UnitOutcomeView extends BadSighting {
  readonly rollout: string;
  readonly set: string;
  readonly flag: string;
}

/** Builds the bad outcomes of one unit in one rollout. */
export function viewUnit(
  record: RolloutRecord,
  sightings: readonly BadSighting[],
): readonly UnitOutcomeView[] {
  return sightings.map((sighting) => ({
    ...sighting,
    rollout: record.id,
    set: record.plan.flagSetId,
    flag: record.plan.flagKey,
  }));
}

function viewStages(observations: Observations): readonly StageView[] {
  return Object.entries(observations.stages)
    .filter(
      ([, stage]) =>
        isSeen(stage.exposed) || Object.values(stage.outcomes).some(({ units }) => isSeen(units)),
    )
    .map(([name, stage]) => ({
      name,
      share: stage.share,
      exposed: {
        treatment: stage.exposed.treatment * observations.sample,
        control: stage.exposed.control * observations.sample,
      },
      bad: Object.fromEntries(
        Object.entries(stage.outcomes).map(([outcome, counts]) => [outcome, counts.units]),
      ),
    }));
}

function isSeen({ treatment, control }: ArmCounts): boolean {
  return treatment + control > 0;
}

function viewGuardrails(
  { plan, state }: RolloutRecord,
  observations: Observations,
): readonly GuardrailView[] {
  const verdicts = judgeGuardrails(plan, state, observations);
  return plan.guardrails.map((guardrail) => {
    if (!isKilling(guardrail)) {
      const answer = observations.queries[guardrail.id];
      const text =
        guardrail.kind === "alert"
          ? observations.firing.includes(guardrail.alert)
            ? "firing"
            : "not firing"
          : answer === undefined
            ? "not asked yet"
            : (answer.problem ?? (answer.value === undefined ? "no data" : `value ${answer.value}`));
      return { id: guardrail.id, text };
    }
    const verdict = verdicts.find((entry) => entry.guardrail === guardrail.id);
    const largest = Math.max(verdict?.logEvidence ?? 0, state.largest[guardrail.id] ?? 0);
    const view = {
      id: guardrail.id,
      text: verdict?.text ?? "",
      anytimeP: anytimeP(largest),
      progress: Math.min(1, Math.max(0, largest / (verdict?.threshold ?? 1))),
    };
    if (guardrail.kind === "limit") return view;
    const [outcome = "error"] = outcomesOf(guardrail, state.slowMs);
    const { estimate, lower, upper } = estimateRateRatio(strataOf(observations, outcome));
    const finite = (value: number | undefined): number | null =>
      value === undefined || !Number.isFinite(value) ? null : value;
    return { ...view, rateRatio: { estimate: finite(estimate), lower, upper: finite(upper) } };
  });
}

/**
 * Treated units with a bad outcome beyond what control explains: kT - kC * share / (1 - share) in stages that compare two arms; elsewhere (chosen
 * users, 100 %) beyond control's share of bad units in all stages. The worst kind counts, not the sum of kinds.
 */
function countHarmed({ stages, sample }: Observations): number {
  const seen = Object.values(stages);
  const outcomes = new Set(seen.flatMap((stage) => Object.keys(stage.outcomes)));
  const control = seen.reduce((sum, stage) => sum + stage.exposed.control * sample, 0);
  const harmed = [...outcomes].map((outcome) => {
    const bad = seen.reduce((sum, stage) => sum + (stage.outcomes[outcome]?.units.control ?? 0), 0);
    const rate = control === 0 ? 0 : bad / control;
    return seen.reduce((sum, { share, exposed, outcomes: counts }) => {
      const units = counts[outcome]?.units ?? { treatment: 0, control: 0 };
      const expected =
        share > 0 && share < 1 ? (units.control * share) / (1 - share) : exposed.treatment * sample * rate;
      return sum + units.treatment - expected;
    }, 0);
  });
  return Math.round(Math.max(0, ...harmed));
}

function describeSensitivity({ plan, state }: RolloutRecord, observations: Observations): string | null {
  const stage = plan.stages[Math.max(0, state.stage)];
  const guardrail = plan.guardrails.find(
    (entry): entry is RatioGuardrail => entry.kind === "ratio" && entry.outcome === "error",
  );
  if (stage?.kind !== "percent" || guardrail === undefined) return null;
  let units = 0;
  let bad = 0;
  for (const seen of Object.values(observations.stages)) {
    units += seen.exposed.control * observations.sample;
    bad += seen.outcomes["error"]?.units.control ?? 0;
  }
  if (units === 0 || observations.unitsPerSecond === 0) return null;
  const share = (bad + 0.5) / (units + 1);
  const seconds = expectDetectionSeconds(
    {
      share: stage.percent / 100,
      ratio: 2,
      tolerate: guardrail.tolerate,
      alpha: Math.exp(-thresholdOf(plan, state.run)),
    },
    observations.unitsPerSecond,
    share,
  );
  if (!Number.isFinite(seconds))
    return `${stage.name} cannot see a doubling of errors: nobody is left to compare with`;
  const enough =
    seconds * 1000 <= stage.hold.minMs ? "" : `; it is only held for ${describeDuration(stage.hold.minMs)}`;
  return `at ${observations.unitsPerSecond.toFixed(1)} new users/s, ${(share * 100).toFixed(2)} % of them with errors, ${stage.name} sees a doubling in about ${describeDuration(seconds * 1000)}${enough}`;
}

function viewDelay(
  record: RolloutRecord,
  observations: Observations,
  decisions: readonly DecisionEntry[],
): DelayView {
  const { state } = record;
  const { breach } = state;
  const firstBad = breach === undefined ? undefined : observations.stages[breach.stage]?.firstBadMs;
  const kill = decisions.findLast((entry) => entry.after.propagation?.kind === "kill")?.after.propagation;
  const propagation = state.propagation?.kind === "kill" ? state.propagation : kill;
  const difference = (to: number | undefined, from: number | undefined): number | null =>
    to === undefined || from === undefined ? null : Math.max(0, to - from);
  return {
    firstBadToDecisionMs: difference(breach?.atMs, firstBad),
    decisionToPublishedMs: difference(propagation?.publishedMs, propagation?.decidedMs),
    publishedToEverywhereMs: difference(propagation?.everywhereMs, propagation?.publishedMs),
    decisionToEverywhereMs: difference(propagation?.everywhereMs, propagation?.decidedMs),
  };
}

function listFollowUps({ plan, state }: RolloutRecord): readonly string[] {
  const { flagKey } = plan;
  if (state.status === "killed")
    return [
      `Find out why ${state.breach?.guardrail ?? "it"} breached; traces of the bad users carry feature_flags.${flagKey}=${plan.treatment}.`,
      `When it is fixed: flagspan rollout resume, which starts at an earlier stage with the same users.`,
    ];
  if (state.status === "completed")
    return [
      `Everybody has ${plan.treatment}: remove ${flagKey} from the code, then from the ruleset.`,
      `Set metadata.expires on ${flagKey}, so that it is not forgotten.`,
    ];
  return state.status === "rolled-back"
    ? [`${flagKey} gives everybody ${plan.control} until it is restored or another rollout starts.`]
    : [];
}
