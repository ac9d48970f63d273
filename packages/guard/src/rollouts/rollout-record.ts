import type { FlagDefinition } from "@flagspan/ruleset";
import type { Action, Reason, RolloutState } from "../life/state.ts";
import type { FastLaneEvent } from "../observations/fast-lane-event.ts";
import type { Observations } from "../observations/observations.ts";
import type { Plan } from "../plan/plan.ts";

/** A rollout as it is stored. */
export interface RolloutRecord {
  readonly id: string;
  readonly plan: Plan;
  readonly state: RolloutState;
  readonly reasons: readonly Reason[];
  readonly createdBy: string;
  readonly createdMs: number;
  /** The flag as it was before the rollout touched it. */
  readonly base?: FlagDefinition;
  /** Fencing token of the process that wrote last. */
  readonly fence: number;
}

/** One decision with everything it was made from: `decide` gives the same again. */
export interface DecisionEntry {
  readonly atMs: number;
  readonly cause: "tick" | "command" | "act";
  readonly before: RolloutState;
  readonly observations: Observations;
  readonly after: RolloutState;
  readonly actions: readonly Action[];
  readonly reasons: readonly Reason[];
}

/** Reports that brought news to one process, for all others and for a restart. */
export interface UnitEntry {
  readonly origin: string;
  readonly events: readonly {
    readonly event: FastLaneEvent;
    readonly trusted: boolean;
    readonly receivedMs: number;
  }[];
}
