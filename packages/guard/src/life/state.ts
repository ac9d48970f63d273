import type { Status } from "./transitions.ts";

/** A change of the flag that was decided and not yet confirmed; kept in the state so that a restart continues it. */
export type FlagAction =
  | { readonly kind: "render"; readonly stage: number; readonly reason: string }
  | { readonly kind: "kill"; readonly reason: string }
  | { readonly kind: "finish"; readonly reason: string };

/** What a decision wants done: a change of the flag, or words for people. */
export type Action =
  | FlagAction
  | { readonly kind: "notify"; readonly topic: NotifyTopic; readonly message: string };

/** What a message is about. */
export type NotifyTopic =
  | "started"
  | "advanced"
  | "holding"
  | "approval"
  | "breach"
  | "killed"
  | "paused"
  | "completed"
  | "rolled-back"
  | "alarm";

/** Why a decision came out as it did: a code for programs, a sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

export type ReasonCode =
  | "breach"
  | "sample-ratio"
  | "switched"
  | "signal"
  | "query"
  | "alert"
  | "blind"
  | "no-data"
  | "min-time"
  | "min-units"
  | "freeze"
  | "schedule"
  | "approval"
  | "learning"
  | "publishing"
  | "flag-changed"
  | "advanced"
  | "completed"
  | "command"
  | "dry-run";

/** A guardrail that was breached: latched until a human resumes. */
export interface Breach {
  readonly guardrail: string;
  readonly atMs: number;
  readonly stage: string;
  readonly logEvidence: number;
  readonly threshold: number;
  readonly text: string;
}

/** Somebody switched a part of the users off while the rollout goes on. */
export interface PartialKill {
  readonly segment?: string;
  readonly semver?: { readonly attribute: string; readonly operator: string; readonly version: string };
}

/** How far a published change has got. */
export interface Propagation {
  readonly revision: string;
  readonly kind: FlagAction["kind"];
  readonly decidedMs: number;
  readonly publishedMs: number;
  readonly connected: number;
  readonly applied: number;
  /** When the last connected instance had applied it. */
  readonly everywhereMs?: number;
  /** Whether the alarm for not being everywhere in time was raised. */
  readonly alarmed: boolean;
}

/** The whole state of a rollout besides its plan and what was observed: plain data. */
export interface RolloutState {
  readonly status: Status;
  /** Index into the plan's stages; -1 before the first. */
  readonly stage: number;
  /** 0 at first; each resume after a kill or dial-down by the guard starts the next, with fresh strata and the alpha that is left. */
  readonly run: number;
  /** Watched time in the stage; time nobody watched does not count. */
  readonly elapsedMs: number;
  readonly decidedMs?: number;
  readonly startedMs?: number;
  readonly stageSinceMs?: number;
  /** Frozen `slow` bounds in milliseconds, once known. */
  readonly slowMs: readonly number[];
  readonly approved: boolean;
  /** Who started or approved what comes next, and why; it becomes part of the change's reason. */
  readonly note?: string;
  /** Hold causes a human has accepted in this run. */
  readonly accepted: readonly ReasonCode[];
  /** Largest log evidence of the run by guardrail id. */
  readonly largest: Readonly<Record<string, number>>;
  /** Guardrails already told about in this run. */
  readonly told: readonly string[];
  readonly breach?: Breach;
  readonly partialKills: readonly PartialKill[];
  readonly pending?: FlagAction;
  readonly pendingSinceMs?: number;
  /** Why the flag cannot be touched for now, e.g. because somebody else changed it. */
  readonly obstacle?: string;
  readonly propagation?: Propagation;
}

/** The state of a plan nobody has started. */
export const initialState: RolloutState = {
  status: "draft",
  stage: -1,
  run: 0,
  elapsedMs: 0,
  slowMs: [],
  approved: false,
  accepted: [],
  largest: {},
  told: [],
  partialKills: [],
};
