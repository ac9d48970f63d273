import type { Observations } from "../observations/observations.ts";
import type { BreachAction, Plan } from "../plan/plan.ts";
import { findHolds, findWaits } from "./holds.ts";
import { judgeGuardrails, judgeSampleRatio, judgeSignals } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import { givenBounds, learnBounds } from "./learn-bounds.ts";
import { nameStage } from "./stage-name.ts";
import type { Action, Breach, FlagAction, Reason, RolloutState } from "./state.ts";
import { isFrozen } from "../plan/freeze-window.ts";
import { isJudged, transitions } from "./transitions.ts";
import type { LifeEvent, Status } from "./transitions.ts";

/** What follows from a plan, a state, what was observed, and the time. */
export interface Decision {
  readonly state: RolloutState;
  readonly actions: readonly Action[];
  /** Why: what is waited for, what holds, what was breached; empty only where nothing is left to decide. */
  readonly reasons: readonly Reason[];
}

/** The most watched time one tick is credited: a clock that jumps, or a machine that slept, has watched nothing meanwhile. */
const largestCreditMs = 60_000;
/** How long `slow` bounds are learned at 0 %. */
const learningMs = 120_000;

/**
 * Decides what happens to a rollout; a function of its arguments.
 *
 * Order: breach, then holds, then time and units, then freeze and schedule, then approval, then the next stage, one at a time. A breach is looked for
 * wherever somebody may be treated, waiting or paused included, and is latched.
 */
export function decide(plan: Plan, state: RolloutState, observations: Observations, nowMs: number): Decision {
  if (!isJudged(state.status))
    return { state, actions: [], reasons: state.breach === undefined ? [] : [describeBreach(state.breach)] };
  const watched = watchTime(state, nowMs);
  const guarded = judgeGuardrails(plan, watched, observations);
  const verdicts = [
    judgeSampleRatio(watched, observations),
    ...judgeSignals(plan, watched, observations),
    ...guarded,
  ];
  const judged = { ...watched, largest: keepLargest(watched.largest, verdicts) };
  const breached = guarded.find((verdict) => verdict.breached && !judged.told.includes(verdict.guardrail));
  if (breached !== undefined) return breach(plan, judged, breached, nowMs);
  if (judged.status === "paused")
    return { state: judged, actions: [], reasons: [{ code: "command", text: "paused; resume to go on" }] };
  return judged.status === "ready"
    ? begin(plan, judged, observations, nowMs)
    : proceed(plan, judged, observations, nowMs);
}

function watchTime(state: RolloutState, nowMs: number): RolloutState {
  const since = nowMs - (state.decidedMs ?? nowMs);
  const credit =
    state.pending === undefined && state.status !== "paused"
      ? Math.min(largestCreditMs, Math.max(0, since))
      : 0;
  return { ...state, decidedMs: nowMs, elapsedMs: state.elapsedMs + credit };
}

function keepLargest(
  largest: RolloutState["largest"],
  verdicts: readonly Verdict[],
): RolloutState["largest"] {
  const kept: Record<string, number> = { ...largest };
  for (const verdict of verdicts)
    kept[verdict.guardrail] = Math.max(kept[verdict.guardrail] ?? 0, verdict.logEvidence);
  return kept;
}

function breach(plan: Plan, state: RolloutState, verdict: Verdict, nowMs: number): Decision {
  const found: Breach = {
    guardrail: verdict.guardrail,
    atMs: nowMs,
    stage: nameStage(plan, state.stage, state.run),
    logEvidence: verdict.logEvidence,
    threshold: verdict.threshold,
    text: verdict.text,
  };
  const reason = describeBreach(found);
  const told = { ...state, breach: found, told: [...state.told, verdict.guardrail] };
  const notify: Action = { kind: "notify", topic: "breach", message: reason.text };
  const answers: Readonly<Record<BreachAction, () => Decision>> = {
    kill: () => kill(told, reason, nowMs, [notify]),
    "dial-down": () => retreat(told, reason, nowMs, notify),
    pause: () => ({
      state: { ...told, status: next(state.status, "pause") },
      actions: [notify],
      reasons: [reason],
    }),
    alert: () => ({ state: told, actions: [notify], reasons: [reason] }),
  };
  return answers[plan.onBreach]();
}

/** One stage back, paused, as a new run: its evidence starts afresh with the alpha that is left. */
function retreat(state: RolloutState, reason: Reason, nowMs: number, notify: Action): Decision {
  if (state.stage <= 0) return kill(state, reason, nowMs, [notify]);
  const fresh = { ...state, run: state.run + 1, largest: {}, accepted: [], told: [] };
  const action: FlagAction = { kind: "render", stage: state.stage - 1, reason: reason.text };
  return {
    state: {
      ...enterStage(fresh, state.stage - 1, nowMs),
      status: next(state.status, "pause"),
      pending: action,
      pendingSinceMs: nowMs,
    },
    actions: [notify, action],
    reasons: [reason],
  };
}

/** Latches the kill; what was pending is overtaken by it. */
export function kill(
  state: RolloutState,
  reason: Reason,
  nowMs: number,
  before: readonly Action[] = [],
): Decision {
  const action: FlagAction = { kind: "kill", reason: reason.text };
  return {
    state: {
      ...state,
      status: next(state.status, "kill"),
      pending: action,
      pendingSinceMs: nowMs,
      approved: false,
    },
    actions: [...before, action],
    reasons: [reason],
  };
}

/** Puts the state at the beginning of a stage: nothing watched, nothing approved. */
export function enterStage(state: RolloutState, stage: number, nowMs: number): RolloutState {
  return { ...state, stage, elapsedMs: 0, approved: false, stageSinceMs: nowMs };
}

function begin(plan: Plan, state: RolloutState, observations: Observations, nowMs: number): Decision {
  const reasons: Reason[] = [];
  if (plan.startAtMs !== undefined && nowMs < plan.startAtMs)
    reasons.push({ code: "schedule", text: `starts at ${new Date(plan.startAtMs).toISOString()}` });
  const first = plan.stages[0];
  if (first?.notBeforeMs !== undefined && nowMs < first.notBeforeMs)
    reasons.push({
      code: "schedule",
      text: `${first.name} starts at ${new Date(first.notBeforeMs).toISOString()}`,
    });
  const frozen = plan.freeze.find((window) => isFrozen(window, nowMs));
  if (frozen !== undefined)
    reasons.push({ code: "freeze", text: `no stage starts in the freeze ${frozen.text}` });
  const given = givenBounds(plan);
  const watch = observations.stages[nameStage(plan, -1, state.run)];
  const learned =
    given ?? (state.elapsedMs >= learningMs ? learnBounds(watch, observations.sample) : undefined);
  if (learned === undefined && state.pending === undefined && state.propagation === undefined) {
    const action: FlagAction = {
      kind: "render",
      stage: -1,
      reason: `watching ${plan.flagKey} at 0 % to learn what slow is`,
    };
    return {
      state: { ...state, pending: action, pendingSinceMs: nowMs },
      actions: [action],
      reasons: [{ code: "learning", text: action.reason }],
    };
  }
  if (learned === undefined)
    reasons.push(
      state.elapsedMs < learningMs
        ? { code: "learning", text: `learning what slow is: ${Math.round(state.elapsedMs / 1000)} of 120 s` }
        : {
            code: "no-data",
            text: "fewer than 100 units were seen at 0 %; slow bounds cannot be learned yet",
          },
    );
  if (reasons.length > 0 || learned === undefined || state.pending !== undefined)
    return { state, actions: [], reasons };
  const started = {
    ...state,
    slowMs: learned,
    status: next(state.status, "begin"),
    startedMs: state.startedMs ?? nowMs,
  };
  return render(plan, started, 0, nowMs, "started");
}

function proceed(plan: Plan, state: RolloutState, observations: Observations, nowMs: number): Decision {
  if (state.pending !== undefined)
    return {
      state,
      actions: [],
      reasons: [{ code: "publishing", text: state.obstacle ?? `publishing: ${state.pending.reason}` }],
    };
  const { waits, holds: late } = findWaits(plan, state, observations, nowMs);
  const holds = [...findHolds(plan, state, observations), ...late];
  if (holds.length > 0) {
    const fresh = state.status !== "holding";
    const message = `${plan.flagKey} holds at ${nameStage(plan, state.stage, state.run)}: ${holds.map((hold) => hold.text).join("; ")}`;
    return {
      state: { ...state, status: next(state.status, "hold") },
      actions: fresh ? [{ kind: "notify", topic: "holding", message }] : [],
      reasons: [...holds, ...waits],
    };
  }
  const clear = state.status === "holding" ? { ...state, status: next(state.status, "clear") } : state;
  if (waits.length > 0)
    return { state: { ...clear, status: next(clear.status, "clear") }, actions: [], reasons: waits };
  const stage = plan.stages[state.stage];
  const last = state.stage + 1 >= plan.stages.length;
  if (stage !== undefined && stage.hold.approval !== "none" && !state.approved) {
    const text = `${stage.name} is done; ${last ? "completing" : plan.stages[state.stage + 1]?.name} needs an approval (${stage.hold.approval})`;
    return {
      state: { ...clear, status: next(clear.status, "ask") },
      actions:
        clear.status === "awaiting-approval"
          ? []
          : [{ kind: "notify", topic: "approval", message: `${plan.flagKey}: ${text}` }],
      reasons: [{ code: "approval", text }],
    };
  }
  if (!last)
    return render(
      plan,
      { ...clear, status: next(clear.status, "advance") },
      state.stage + 1,
      nowMs,
      "advanced",
    );
  const action: FlagAction = { kind: "finish", reason: `${plan.flagKey} passed every stage` };
  return {
    state: { ...clear, status: next(clear.status, "complete"), pending: action, pendingSinceMs: nowMs },
    actions: [action, { kind: "notify", topic: "completed", message: action.reason }],
    reasons: [{ code: "completed", text: action.reason }],
  };
}

function render(
  plan: Plan,
  state: RolloutState,
  stage: number,
  nowMs: number,
  topic: "started" | "advanced",
): Decision {
  const reason = `${plan.flagKey} ${topic === "started" ? "starts at" : "advances to"} ${nameStage(plan, stage, state.run)}${state.note === undefined ? "" : `, ${state.note}`}`;
  const action: FlagAction = { kind: "render", stage, reason };
  const { note: _, ...noted } = state;
  return {
    state: { ...enterStage(noted, stage, nowMs), pending: action, pendingSinceMs: nowMs },
    actions: [action, { kind: "notify", topic, message: reason }],
    reasons: [{ code: "advanced", text: reason }],
  };
}

function describeBreach(found: Breach): Reason {
  return { code: "breach", text: `${found.guardrail} breached in ${found.stage}: ${found.text}` };
}

/** A decision never asks for a transition the table refuses; if it did, staying put is the safe answer. */
function next(status: Status, event: LifeEvent): Status {
  const to = transitions[status][event];
  return to === "refused" ? status : to;
}
