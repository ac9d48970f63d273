import type { Plan } from "../plan/plan.ts";
import { enterStage, kill } from "./decide.ts";
import type { Decision } from "./decide.ts";
import { nameStage } from "./stage-name.ts";
import type { FlagAction, PartialKill, ReasonCode, RolloutState } from "./state.ts";
import { transitions } from "./transitions.ts";
import type { LifeEvent } from "./transitions.ts";

/** What a person or a program may ask of a rollout. */
export type Verb = "start" | "pause" | "resume" | "approve" | "abort" | "dial-down";

/** A command with who gave it; `stage` is a stage's name in the plan. */
export interface Command {
  readonly verb: Verb;
  readonly actor: string;
  /** Scopes of the actor's key where they are known; control checks the verb's own scope before. */
  readonly scopes?: readonly string[];
  readonly stage?: string;
  readonly reason?: string;
  /** With `abort`: switches off only this part of the users. */
  readonly part?: PartialKill;
}

/** What a command leads to, or why it is refused. */
export type CommandAnswer =
  | ({ readonly ok: true } & Decision)
  | { readonly ok: false; readonly problem: string };

const events: Readonly<Record<Verb, LifeEvent>> = {
  start: "start",
  pause: "pause",
  resume: "resume",
  approve: "approve",
  abort: "abort",
  "dial-down": "dial-down",
};

/** Hold causes that stay until somebody accepts them by resuming. */
const acceptable: readonly ReasonCode[] = ["sample-ratio", "switched", "signal"];

/**
 * Applies a command; a function of its arguments. Repeating a command that already took effect is no error and changes nothing.
 *
 * `resume` after a kill starts an earlier stage as a new run: fresh strata, the alpha that is left, the same salt and so the same users.
 */
export function applyCommand(
  plan: Plan,
  state: RolloutState,
  command: Command,
  nowMs: number,
): CommandAnswer {
  const status = transitions[state.status][events[command.verb]];
  if (status === "refused")
    return { ok: false, problem: `${command.verb} is not possible while the rollout is ${state.status}.` };
  const text = `${command.verb} by ${command.actor}${command.reason === undefined ? "" : `: ${command.reason}`}`;
  const done = (next: RolloutState, actions: Decision["actions"] = []): CommandAnswer => ({
    ok: true,
    state: next,
    actions,
    reasons: [{ code: "command", text }],
  });
  const verbs: Readonly<Record<Verb, () => CommandAnswer>> = {
    start: () => done(state.status === "draft" ? { ...state, status, note: text } : state),
    pause: () => done({ ...state, status }),
    approve: () => approve(plan, state, command, text, done),
    resume: () =>
      state.status === "killed" ? restart(plan, state, command, nowMs, done) : done(goOn(state)),
    abort: () => abort(plan, state, command, text, nowMs, done),
    "dial-down": () => dialDown(plan, state, command, text, nowMs, done),
  };
  return verbs[command.verb]();
}

type Done = (next: RolloutState, actions?: Decision["actions"]) => CommandAnswer;

function goOn(state: RolloutState): RolloutState {
  const status = state.stage < 0 ? "ready" : transitions[state.status].resume;
  const { obstacle: _, ...rest } = state;
  return {
    ...rest,
    status: status === "refused" ? state.status : status,
    accepted: [...new Set([...state.accepted, ...(state.status === "holding" ? acceptable : [])])],
  };
}

function approve(plan: Plan, state: RolloutState, command: Command, text: string, done: Done): CommandAnswer {
  const needed = plan.stages[state.stage]?.hold.approval ?? "none";
  const scopes = command.scopes ?? ["write"];
  if (needed === "admin" && !scopes.includes("admin"))
    return { ok: false, problem: "this stage needs the approval of a key with the admin scope." };
  if (!scopes.includes("write") && !scopes.includes("admin"))
    return { ok: false, problem: "an approval needs a key with the write scope." };
  return done({ ...state, status: "running", approved: true, note: text });
}

function restart(
  plan: Plan,
  state: RolloutState,
  command: Command,
  nowMs: number,
  done: Done,
): CommandAnswer {
  const stage = findStage(plan, command.stage, Math.max(0, state.stage - 1));
  if (stage === undefined || stage > Math.max(0, state.stage - 1))
    return {
      ok: false,
      problem: `after a kill a rollout resumes at an earlier stage: ${describeEarlier(plan, state.stage)}.`,
    };
  const { breach: _, obstacle: __, pending: ___, ...rest } = state;
  const fresh = {
    ...rest,
    status: "running",
    run: state.run + 1,
    largest: {},
    accepted: [],
    told: [],
  } as const;
  const action: FlagAction = {
    kind: "render",
    stage,
    reason: `${plan.flagKey} resumes at ${nameStage(plan, stage, fresh.run)} by ${command.actor}`,
  };
  return done({ ...enterStage(fresh, stage, nowMs), pending: action, pendingSinceMs: nowMs }, [action]);
}

function abort(
  plan: Plan,
  state: RolloutState,
  command: Command,
  text: string,
  nowMs: number,
  done: Done,
): CommandAnswer {
  if (command.part !== undefined) {
    if (state.stage < 0 || state.status === "killed" || state.status === "rolled-back")
      return { ok: false, problem: "nobody is treated now, so no part of the users can be switched off." };
    const action: FlagAction = {
      kind: "render",
      stage: state.stage,
      reason: `${text} (${describePart(command.part)})`,
    };
    return done(
      {
        ...state,
        partialKills: [...state.partialKills, command.part],
        pending: action,
        pendingSinceMs: nowMs,
      },
      [action],
    );
  }
  if (state.status === "rolled-back") return done(state);
  if (
    state.status === "draft" ||
    (state.stage < 0 && state.propagation === undefined && state.pending === undefined)
  )
    return done({ ...state, status: "rolled-back" });
  const killed = kill(state, { code: "command", text: `${plan.flagKey} rolled back, ${text}` }, nowMs);
  return done({ ...killed.state, status: "rolled-back" }, [
    ...killed.actions,
    { kind: "notify", topic: "rolled-back", message: `${plan.flagKey}: ${text}` },
  ]);
}

function dialDown(
  plan: Plan,
  state: RolloutState,
  command: Command,
  text: string,
  nowMs: number,
  done: Done,
): CommandAnswer {
  const stage = findStage(plan, command.stage, state.stage - 1);
  if (stage === undefined || stage < 0 || stage >= state.stage)
    return {
      ok: false,
      problem: `dial-down goes to an earlier stage: ${describeEarlier(plan, state.stage)}.`,
    };
  const status = transitions[state.status]["dial-down"];
  const action: FlagAction = {
    kind: "render",
    stage,
    reason: `${plan.flagKey} to ${plan.stages[stage]?.name}, ${text}`,
  };
  return done(
    {
      ...enterStage(state, stage, nowMs),
      status: status === "refused" ? state.status : status,
      pending: action,
      pendingSinceMs: nowMs,
    },
    [action],
  );
}

function findStage(plan: Plan, name: string | undefined, fallback: number): number | undefined {
  if (name === undefined) return fallback;
  const wanted = name.replace(/%$/, "pct");
  const index = plan.stages.findIndex((stage) => stage.name === wanted);
  return index < 0 ? undefined : index;
}

function describeEarlier(plan: Plan, stage: number): string {
  const names = plan.stages.slice(0, Math.max(1, stage)).map((entry) => entry.name);
  return names.join(", ");
}

function describePart(part: PartialKill): string {
  return [
    part.segment === undefined ? [] : [`segment ${part.segment}`],
    part.semver === undefined
      ? []
      : [`${part.semver.attribute} ${part.semver.operator} ${part.semver.version}`],
  ]
    .flat()
    .join(" and ");
}
