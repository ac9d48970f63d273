export { renderRollout } from "./render.ts";
export type { RolloutResult } from "./render.ts";
export { readRollout } from "./read.ts";
export type { RolloutStep } from "./step.ts";
export { renderKill } from "./kill.ts";
export type { KillOptions, KillResult } from "./kill.ts";
export { renderSegmentKill } from "./segment-kill.ts";
export type { SegmentKillOptions } from "./segment-kill.ts";
