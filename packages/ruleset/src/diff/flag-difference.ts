import type { FlagChangeAction, FlagSummary } from "../change/flag-change.ts";

/** What about a flag differs. `broken`: it cannot be evaluated any more; `repaired`: it can again. */
export type DifferenceKind =
  | "created"
  | "deleted"
  | "broken"
  | "repaired"
  | "enabled"
  | "disabled"
  | "default"
  | "targeting"
  | "rollout"
  | "segments"
  | "variants"
  | "metadata";

/** How one flag differs between two rulesets. */
export interface FlagDifference {
  readonly flagKey: string;
  /** What a change log calls it. */
  readonly action: FlagChangeAction;
  readonly kinds: readonly DifferenceKind[];
  /** Absent if the flag was not there, or could not be evaluated. */
  readonly previous?: FlagSummary;
  readonly current?: FlagSummary;
  /** The `$evaluators` that came, went, or whose users are touched because they are chosen and their rule differs. */
  readonly segments: readonly string[];
  /** What differs and who is affected, in a line for people. */
  readonly summary: string;
}
