//            start            begin            ask              approve
//   draft ──────────► ready ──────────► running ──────► awaiting-approval ──► running ...
//                                        │  ▲ clear           │ hold
//                                   hold ▼  │                 ▼
//                                       holding ◄─────────────┘
//
//   any live state ── pause ──► paused ── resume ──► running        any live state ── kill ──► killed ── resume ──► running (next run)
//   any state but completed ── abort ──► rolled-back                running ── complete ──► completed

/** Where a rollout stands. */
export type Status =
  | "draft"
  | "ready"
  | "running"
  | "holding"
  | "awaiting-approval"
  | "paused"
  | "killed"
  | "rolled-back"
  | "completed";

/** What can happen to it: commands of people and findings of a decision. */
export type LifeEvent =
  | "start"
  | "begin"
  | "advance"
  | "hold"
  | "clear"
  | "ask"
  | "approve"
  | "pause"
  | "resume"
  | "dial-down"
  | "kill"
  | "abort"
  | "complete";

/** The next status, or `refused`: a kill is refused nowhere that a treatment can be live. */
export type Transition = Status | "refused";

/** Every status under every event; a new member of either does not compile until it has been thought about everywhere. */
export const transitions: Readonly<Record<Status, Readonly<Record<LifeEvent, Transition>>>> = {
  draft: {
    start: "ready",
    begin: "refused",
    advance: "refused",
    hold: "refused",
    clear: "refused",
    ask: "refused",
    approve: "refused",
    pause: "refused",
    resume: "refused",
    "dial-down": "refused",
    kill: "refused",
    abort: "rolled-back",
    complete: "refused",
  },
  ready: {
    start: "ready",
    begin: "running",
    advance: "refused",
    hold: "ready",
    clear: "ready",
    ask: "refused",
    approve: "refused",
    pause: "paused",
    resume: "ready",
    "dial-down": "refused",
    kill: "killed",
    abort: "rolled-back",
    complete: "refused",
  },
  running: {
    start: "running",
    begin: "refused",
    advance: "running",
    hold: "holding",
    clear: "running",
    ask: "awaiting-approval",
    approve: "refused",
    pause: "paused",
    resume: "running",
    "dial-down": "running",
    kill: "killed",
    abort: "rolled-back",
    complete: "completed",
  },
  holding: {
    start: "holding",
    begin: "refused",
    advance: "refused",
    hold: "holding",
    clear: "running",
    ask: "refused",
    approve: "refused",
    pause: "paused",
    resume: "running",
    "dial-down": "running",
    kill: "killed",
    abort: "rolled-back",
    complete: "refused",
  },
  "awaiting-approval": {
    start: "awaiting-approval",
    begin: "refused",
    advance: "refused",
    hold: "holding",
    clear: "running",
    ask: "awaiting-approval",
    approve: "running",
    pause: "paused",
    resume: "refused",
    "dial-down": "running",
    kill: "killed",
    abort: "rolled-back",
    complete: "refused",
  },
  paused: {
    start: "paused",
    begin: "refused",
    advance: "refused",
    hold: "paused",
    clear: "paused",
    ask: "refused",
    approve: "refused",
    pause: "paused",
    resume: "running",
    "dial-down": "paused",
    kill: "killed",
    abort: "rolled-back",
    complete: "refused",
  },
  killed: {
    start: "refused",
    begin: "refused",
    advance: "refused",
    hold: "killed",
    clear: "killed",
    ask: "refused",
    approve: "refused",
    pause: "killed",
    resume: "running",
    "dial-down": "refused",
    kill: "killed",
    abort: "rolled-back",
    complete: "refused",
  },
  "rolled-back": {
    start: "refused",
    begin: "refused",
    advance: "refused",
    hold: "refused",
    clear: "refused",
    ask: "refused",
    approve: "refused",
    pause: "refused",
    resume: "refused",
    "dial-down": "refused",
    kill: "rolled-back",
    abort: "rolled-back",
    complete: "refused",
  },
  completed: {
    start: "refused",
    begin: "refused",
    advance: "refused",
    hold: "refused",
    clear: "refused",
    ask: "refused",
    approve: "refused",
    pause: "refused",
    resume: "refused",
    "dial-down": "refused",
    kill: "refused",
    abort: "refused",
    complete: "completed",
  },
};

/** Whether nothing more can happen to a rollout in this status. */
export function isOver(status: Status): boolean {
  return status === "completed" || status === "rolled-back";
}

/** Whether a decision judges the guardrails in this status: wherever somebody may be treated, waiting or not. */
export function isJudged(status: Status): boolean {
  return (
    status === "ready" ||
    status === "running" ||
    status === "holding" ||
    status === "awaiting-approval" ||
    status === "paused"
  );
}
