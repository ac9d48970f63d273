export { describeChange } from "./describe-change.ts";
export type { FlagChange, FlagChangeAction, FlagChangeActor, FlagSummary } from "./flag-change.ts";
export { parseFlagChange } from "./parse-flag-change.ts";
export type { FlagChangeResult } from "./parse-flag-change.ts";
export { summarizeFlag } from "./summarize-flag.ts";
export { countAffected } from "../diff/count-affected.ts";
export type { AffectedCount } from "../diff/count-affected.ts";
export { diffRulesets } from "../diff/diff-rulesets.ts";
export type { DifferenceKind, FlagDifference } from "../diff/flag-difference.ts";
