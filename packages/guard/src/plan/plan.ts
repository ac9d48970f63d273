import type { FreezeWindow } from "./freeze-window.ts";

/** What a breached guardrail does to the rollout. */
export type BreachAction = "kill" | "dial-down" | "pause" | "alert";

/** Who must say yes before the next stage: nobody, anybody who may write, or somebody whose key has the `admin` scope. */
export type Approval = "none" | "write" | "admin";

/** What a stage asks for before the next one may start. */
export interface Hold {
  /** Shortest watched time in the stage. */
  readonly minMs: number;
  /** Fewest distinct exposed units, both arms together. */
  readonly units: number;
  readonly approval: Approval;
}

/** A chosen group (an `$evaluators` name) that gets the treatment: not randomised, so only limits and signals judge it. */
export interface SegmentStage {
  readonly kind: "segment";
  readonly name: string;
  readonly segment: string;
  readonly hold: Hold;
  /** Not before this moment, milliseconds since the epoch. */
  readonly notBeforeMs?: number;
}

/** A randomised share of everybody else; 0 is a dark launch: evaluated and watched, nobody treated. */
export interface PercentStage {
  readonly kind: "percent";
  readonly name: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly hold: Hold;
  readonly notBeforeMs?: number;
}

export type Stage = SegmentStage | PercentStage;

/** Bad units of the treatment against bad units of the concurrent control. */
export interface RatioGuardrail {
  readonly kind: "ratio";
  readonly id: string;
  readonly outcome: "error" | "slow";
  /** Rate ratio allowed: 1.1 lets the treatment be 10 % worse. */
  readonly tolerate: number;
  /** Bounds of a `slow` guardrail; empty means they are learned from control while the plan is ready. Always empty for errors. */
  readonly overMs: readonly number[];
}

/** A fixed share of exposed units, whichever arm reaches it. */
export interface LimitGuardrail {
  readonly kind: "limit";
  readonly id: string;
  readonly outcome: "error" | "slow";
  /** 0 to 1, exclusive. */
  readonly limit: number;
  /** The one bound of a `slow` limit. */
  readonly overMs: readonly number[];
}

/** A PromQL query: a signal, which holds and never kills. */
export interface QueryGuardrail {
  readonly kind: "query";
  readonly id: string;
  readonly query: string;
  /** Holds while the value is above this; without it, while it is above twice what it was when the rollout started. */
  readonly above?: number;
}

/** An inbound alert by name: a signal, which holds while it fires and never kills. */
export interface AlertGuardrail {
  readonly kind: "alert";
  readonly id: string;
  readonly alert: string;
}

export type Guardrail = RatioGuardrail | LimitGuardrail | QueryGuardrail | AlertGuardrail;

/** A rollout plan as `parsePlan` accepted it: data only, every default filled in. */
export interface Plan {
  readonly flagSetId: string;
  readonly flagKey: string;
  readonly treatment: string;
  readonly control: string;
  /** Bucketing salt; undefined takes the rollout's id. Kept when a rollout resumes, so that the same users are treated. */
  readonly salt?: string;
  /** Segments first, then rising percentages; at least one. */
  readonly stages: readonly Stage[];
  readonly guardrails: readonly Guardrail[];
  /** Chance of one false kill in the whole rollout. */
  readonly alpha: number;
  readonly onBreach: BreachAction;
  readonly onNoData: "hold" | "alert";
  readonly onSampleRatioMismatch: "hold" | "alert";
  /** Without an exposure for this long a randomised stage does not advance. */
  readonly noDataAfterMs: number;
  readonly freeze: readonly FreezeWindow[];
  readonly startAtMs?: number;
  /** Decides and tells, but never touches the flag. */
  readonly dryRun: boolean;
}
