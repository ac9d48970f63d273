import type { Observations, StageObservations } from "../observations/observations.ts";
import { describeDuration } from "../plan/duration.ts";
import type { Guardrail, LimitGuardrail, Plan, RatioGuardrail } from "../plan/plan.ts";
import { spendAlpha } from "../statistics/alpha.ts";
import { limitEvidence, shareLowerBound } from "../statistics/limit.ts";
import { meanEvidence, rateRatioEvidence } from "../statistics/rate-ratio.ts";
import type { Stratum } from "../statistics/rate-ratio.ts";
import { sampleRatioEvidence } from "../statistics/sample-ratio.ts";
import type { RolloutState } from "./state.ts";

/** A kill needs this many bad treated units, however surprising fewer are: one broken client must not stop a rollout. */
const fewestBadUnits = 3;
/** A limit judges no fewer exposed units than this. */
const fewestExposedUnits = 20;
const sampleRatioAlpha = 0.001;
/** Chance of one false hold by untrusted reports, over all guardrails. */
const signalAlpha = 0.05;

/** What one guardrail says now. */
export interface Verdict {
  readonly guardrail: string;
  readonly logEvidence: number;
  readonly threshold: number;
  readonly breached: boolean;
  readonly text: string;
}

/** Returns whether a guardrail can end a rollout; queries and alerts are signals. */
export function isKilling(guardrail: Guardrail): guardrail is RatioGuardrail | LimitGuardrail {
  return guardrail.kind === "ratio" || guardrail.kind === "limit";
}

/** Returns the log evidence a killing guardrail needs in this run: `ln(1/alpha)` of its part of what is left. */
export function thresholdOf(plan: Plan, run: number): number {
  return Math.log(1 / spendAlpha(plan.alpha, plan.guardrails.filter(isKilling).length, run));
}

/** Judges every guardrail that can kill, on trusted units only. */
export function judgeGuardrails(
  plan: Plan,
  state: RolloutState,
  observations: Observations,
): readonly Verdict[] {
  const threshold = thresholdOf(plan, state.run);
  const broken = judgeSampleRatio(state, observations).breached;
  return plan.guardrails
    .filter(isKilling)
    .map((guardrail) =>
      guardrail.kind === "ratio"
        ? judgeRatio(guardrail, state, observations, threshold, broken)
        : judgeLimit(guardrail, observations, threshold + Math.log(2 * (plan.stages.length + 1))),
    );
}

/** Judges whether units were split as the stages say; checked before anything is believed that rests on the split. */
export function judgeSampleRatio(state: RolloutState, observations: Observations): Verdict {
  const threshold = Math.log(1 / sampleRatioAlpha);
  const logEvidence = evidenceOf(observations);
  const expected = observations.sampleRatio.reduce((sum, s) => sum + s.share * (s.treatment + s.control), 0);
  const seen = observations.sampleRatio.reduce((sum, s) => sum + s.treatment, 0);
  return {
    guardrail: "sample-ratio",
    logEvidence,
    threshold,
    breached: Math.max(logEvidence, state.largest["sample-ratio"] ?? 0) >= threshold,
    text:
      `${seen} sampled units were treated where ${Math.round(expected)} were expected` +
      (seen < expected ? "; units that crash before they report look like this" : ""),
  };
}

/** A decision asks three times for the same evidence; it only depends on the observations. */
const sampleRatios = new WeakMap<Observations, number>();

function evidenceOf(observations: Observations): number {
  let evidence = sampleRatios.get(observations);
  if (evidence === undefined) {
    evidence = sampleRatioEvidence(observations.sampleRatio);
    sampleRatios.set(observations, evidence);
  }
  return evidence;
}

/** Judges reports nobody vouches for (browsers, missing keys, missing units) by the same evidence; they hold, never kill. */
export function judgeSignals(
  plan: Plan,
  state: RolloutState,
  observations: Observations,
): readonly Verdict[] {
  if (!hasSignals(observations)) return [];
  const ratios = plan.guardrails.filter((guardrail) => guardrail.kind === "ratio");
  const threshold = Math.log(Math.max(1, ratios.length) / signalAlpha);
  return ratios.map((guardrail) => {
    const verdict = judgeRatio(guardrail, state, observations, threshold, false, "signal");
    return { ...verdict, guardrail: `signal:${guardrail.id}` };
  });
}

function hasSignals({ stages }: Observations): boolean {
  return Object.values(stages).some((stage) =>
    Object.values(stage.outcomes).some(({ signal }) => signal.treatment + signal.control > 0),
  );
}

/** Returns the strata of one outcome over the stages of the run that compare two arms; chosen users and a stage at 100 % compare nothing. */
export function strataOf(
  observations: Observations,
  outcome: string,
  counted: "first" | "signal" = "first",
): readonly Stratum[] {
  return Object.values(observations.stages).flatMap((stage) => {
    const counts = stage.outcomes[outcome]?.[counted];
    const compared = stage.share > 0 && stage.share < 1;
    return counts === undefined || !compared ? [] : [{ share: stage.share, ...counts }];
  });
}

/** Returns the names under which a guardrail's outcomes are counted. */
export function outcomesOf(
  guardrail: RatioGuardrail | LimitGuardrail,
  slowMs: readonly number[],
): readonly string[] {
  if (guardrail.outcome === "error") return ["error"];
  return (guardrail.overMs.length > 0 ? guardrail.overMs : slowMs).map((bound) => `slow:${bound}`);
}

function judgeRatio(
  guardrail: RatioGuardrail,
  state: RolloutState,
  observations: Observations,
  threshold: number,
  brokenSplit: boolean,
  counted: "first" | "signal" = "first",
): Verdict {
  const bounds = outcomesOf(guardrail, state.slowMs).map((outcome) => {
    const strata = strataOf(brokenSplit ? withSeenShares(observations) : observations, outcome, counted);
    return { outcome, strata, log: rateRatioEvidence(strata, guardrail.tolerate) };
  });
  const logEvidence = meanEvidence(bounds.map((bound) => bound.log));
  const worst = bounds.reduce(
    (worst, bound) => (worst === undefined || bound.log > worst.log ? bound : worst),
    bounds[0],
  );
  const treatment = worst?.strata.reduce((sum, stratum) => sum + stratum.treatment, 0) ?? 0;
  const control = worst?.strata.reduce((sum, stratum) => sum + stratum.control, 0) ?? 0;
  const expected = (worst?.strata ?? []).reduce((sum, s) => sum + s.share * (s.treatment + s.control), 0);
  const outcome = describeOutcome(worst?.outcome ?? guardrail.outcome);
  if (treatment + control === 0)
    return {
      guardrail: guardrail.id,
      logEvidence,
      threshold,
      breached: false,
      text: `no users with ${outcome} yet; tolerated ratio ${guardrail.tolerate}`,
    };
  return {
    guardrail: guardrail.id,
    logEvidence,
    threshold,
    breached: logEvidence >= threshold && treatment >= fewestBadUnits,
    text:
      `${treatment} of ${treatment + control} users with ${outcome} were treated, ` +
      `${expected.toFixed(1)} expected at equal rates; tolerated ratio ${guardrail.tolerate}, ` +
      `evidence ${describeOdds(logEvidence)} against a needed ${describeOdds(threshold)}`,
  };
}

/** Each arm of each stage is one stream of units; `needed` splits the chance of a false alarm over all a run can have. */
function judgeLimit(guardrail: LimitGuardrail, observations: Observations, needed: number): Verdict {
  const [outcome = "error"] = outcomesOf(guardrail, []);
  const streams = Object.values(observations.stages).flatMap((stage) =>
    (["treatment", "control"] as const).map((arm) => readStream(stage, outcome, arm)),
  );
  const judged = streams.map((stream) => ({
    ...stream,
    log:
      stream.exposed * observations.sample >= fewestExposedUnits
        ? limitEvidence(stream.bad, stream.exposed, guardrail.limit)
        : 0,
  }));
  const worst = judged.reduce((worst, stream) => (stream.log > worst.log ? stream : worst), {
    arm: "treatment",
    bad: 0,
    exposed: 0,
    log: 0,
  });
  const alpha = Math.exp(-needed);
  return {
    guardrail: guardrail.id,
    logEvidence: worst.log,
    threshold: needed,
    breached: worst.log >= needed && worst.bad >= fewestBadUnits,
    text:
      `${worst.bad} of ${worst.exposed} ${worst.arm === "treatment" ? "treated" : "control"} users had ${describeOutcome(outcome)}: ` +
      `at least ${(shareLowerBound(worst.bad, worst.exposed, alpha) * 100).toFixed(1)} %, the limit is ${(guardrail.limit * 100).toFixed(0)} %`,
  };
}

function readStream(
  stage: StageObservations,
  outcome: string,
  arm: "treatment" | "control",
): {
  arm: string;
  bad: number;
  exposed: number;
} {
  return { arm, bad: stage.outcomes[outcome]?.sampled[arm] ?? 0, exposed: stage.exposed[arm] };
}

/**
 * The observations with each stage's share raised to the most its exposed units allow. Where the split is broken, a kill must survive the split
 * that was really seen: missing treated units make the evidence weaker than it is, surplus ones would make it lie.
 */
function withSeenShares(observations: Observations): Observations {
  const stages = Object.fromEntries(
    Object.entries(observations.stages).map(([name, stage]) => {
      const units = stage.exposed.treatment + stage.exposed.control;
      if (units === 0 || stage.share <= 0 || stage.share >= 1) return [name, stage];
      const seen = (stage.exposed.treatment + 1) / (units + 2);
      const most = Math.min(0.999, seen + 5 * Math.sqrt((seen * (1 - seen)) / units));
      return [name, { ...stage, share: Math.max(stage.share, most) }];
    }),
  );
  return { ...observations, stages };
}

function describeOutcome(outcome: string): string {
  return outcome.startsWith("slow:")
    ? `requests over ${describeDuration(Number(outcome.slice(5)))}`
    : "errors";
}

function describeOdds(log: number): string {
  const odds = Math.max(1, Math.round(Math.exp(Math.min(log, 20))));
  return odds > 1_000_000 ? "more than 1,000,000 : 1" : `${odds.toLocaleString("en-US")} : 1`;
}
