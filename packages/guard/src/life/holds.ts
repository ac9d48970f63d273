import type { Observations } from "../observations/observations.ts";
import { describeDuration } from "../plan/duration.ts";
import { isFrozen } from "../plan/freeze-window.ts";
import type { Plan } from "../plan/plan.ts";
import { judgeSampleRatio, judgeSignals } from "./judge.ts";
import { nameStage } from "./stage-name.ts";
import type { Reason, RolloutState } from "./state.ts";

/** Failed queries in a row after which a guardrail is blind. */
const failuresUntilBlind = 4;
/** Units that changed sides before it is held against the app, and their share of the exposed. */
const switchedUnits = 10;
const switchedShare = 0.01;

/** Returns what speaks against going on at any time: broken split, signals, blindness. Accepted causes are left out. */
export function findHolds(plan: Plan, state: RolloutState, observations: Observations): readonly Reason[] {
  const reasons: Reason[] = [];
  const ratio = judgeSampleRatio(state, observations);
  if (ratio.breached && plan.onSampleRatioMismatch === "hold")
    reasons.push({ code: "sample-ratio", text: `the sample ratio is off: ${ratio.text}` });
  const exposed = Object.values(observations.stages).reduce(
    (sum, s) => sum + s.exposed.treatment + s.exposed.control,
    0,
  );
  if (observations.switched >= switchedUnits && observations.switched >= switchedShare * exposed)
    reasons.push({
      code: "switched",
      text: `${observations.switched} sampled units got an arm their place in the split rules out; does the targeting key change?`,
    });
  for (const verdict of judgeSignals(plan, state, observations))
    if (verdict.breached || (state.largest[verdict.guardrail] ?? 0) >= verdict.threshold)
      reasons.push({
        code: "signal",
        text: `unverified reports (browser, no key or no unit): ${verdict.text}`,
      });
  for (const guardrail of plan.guardrails) {
    if (guardrail.kind === "alert" && observations.firing.includes(guardrail.alert))
      reasons.push({ code: "alert", text: `alert ${guardrail.alert} is firing` });
    if (guardrail.kind === "query")
      reasons.push(...findQueryHold(guardrail.query, guardrail.above, observations));
  }
  return reasons.filter((reason) => !state.accepted.includes(reason.code));
}

function findQueryHold(
  query: string,
  above: number | undefined,
  observations: Observations,
): readonly Reason[] {
  const answer = observations.queries[`query:${query}`];
  if (answer === undefined) return [];
  if (answer.failures >= failuresUntilBlind)
    return [
      {
        code: "blind",
        text: `${query} failed ${answer.failures} times in a row: ${answer.problem ?? "no answer"}`,
      },
    ];
  const most =
    above ?? (answer.baseline === undefined || answer.baseline <= 0 ? undefined : 2 * answer.baseline);
  if (answer.value === undefined || most === undefined || answer.value <= most) return [];
  return [{ code: "query", text: `${query} is ${answer.value}, above ${most}` }];
}

/** Returns what is missing before the stage may end, in the order it is asked for; approval is not among it, it comes last. */
export function findWaits(
  plan: Plan,
  state: RolloutState,
  observations: Observations,
  nowMs: number,
): { readonly waits: readonly Reason[]; readonly holds: readonly Reason[] } {
  const stage = plan.stages[state.stage];
  if (stage === undefined) return { waits: [], holds: [] };
  const name = nameStage(plan, state.stage, state.run);
  const seen = observations.stages[name];
  const units = ((seen?.exposed.treatment ?? 0) + (seen?.exposed.control ?? 0)) * observations.sample;
  const waits: Reason[] = [];
  if (state.elapsedMs < stage.hold.minMs)
    waits.push({
      code: "min-time",
      text: `${describeDuration(state.elapsedMs)} of ${describeDuration(stage.hold.minMs)} in ${stage.name}`,
    });
  if (units < stage.hold.units)
    waits.push({ code: "min-units", text: `${units} of ${stage.hold.units} units exposed in ${stage.name}` });
  if (state.elapsedMs < stage.hold.minMs) return { waits, holds: [] };
  const holds = [...findMissingData(plan, state, observations, nowMs)];
  const next = plan.stages[state.stage + 1];
  const frozen = plan.freeze.find((window) => isFrozen(window, nowMs));
  if (frozen !== undefined && waits.length === 0 && next !== undefined)
    holds.push({ code: "freeze", text: `no stage starts in the freeze ${frozen.text}` });
  if (next?.notBeforeMs !== undefined && nowMs < next.notBeforeMs && waits.length === 0)
    holds.push({
      code: "schedule",
      text: `${next.name} starts at ${new Date(next.notBeforeMs).toISOString()}`,
    });
  return { waits, holds };
}

function findMissingData(
  plan: Plan,
  state: RolloutState,
  observations: Observations,
  nowMs: number,
): readonly Reason[] {
  if (plan.onNoData !== "hold") return [];
  const name = nameStage(plan, state.stage, state.run);
  const seen = observations.stages[name];
  const stage = plan.stages[state.stage];
  const needed: ("treatment" | "control")[] = [];
  if (stage?.kind === "percent" && stage.percent > 0) needed.push("treatment");
  if (stage?.kind === "percent" && stage.percent < 100) needed.push("control");
  const missing =
    stage?.kind === "segment"
      ? (seen?.exposed.treatment ?? 0) + (seen?.exposed.control ?? 0) === 0
      : needed.some((arm) => (seen?.exposed[arm] ?? 0) === 0);
  const reasons: Reason[] = [];
  if (missing)
    reasons.push({
      code: "no-data",
      text: `no exposures${stage?.kind === "segment" ? "" : ` of ${needed.filter((arm) => (seen?.exposed[arm] ?? 0) === 0).join(" and ")}`} in ${name} yet; no data is not health`,
    });
  else if (nowMs - (observations.lastExposureMs ?? 0) > plan.noDataAfterMs)
    reasons.push({
      code: "no-data",
      text: `no exposures for ${describeDuration(nowMs - (observations.lastExposureMs ?? 0))}`,
    });
  for (const guardrail of plan.guardrails)
    if (guardrail.kind === "query" && observations.queries[guardrail.id]?.value === undefined)
      reasons.push({ code: "no-data", text: `${guardrail.query} has no data` });
  return reasons;
}
