/** Distinct units by arm. */
export interface ArmCounts {
  readonly treatment: number;
  readonly control: number;
}

/** What was seen of one outcome (`error`, or `slow:<bound in ms>`) in one stage. */
export interface OutcomeCounts {
  /** Units whose first bad outcome of the run came in this stage: what the rate-ratio evidence counts. */
  readonly first: ArmCounts;
  /** All distinct bad units of the stage: what the report shows. */
  readonly units: ArmCounts;
  /** Those among the sampled exposed units: what a limit divides by them. */
  readonly sampled: ArmCounts;
  /** Reported by browsers, without a key or without a unit: they may hold, never kill. */
  readonly signal: ArmCounts;
}

/** Distinct units in one situation: what the stages so far say about the treated share among them. */
export interface ExposureStratum extends ArmCounts {
  readonly share: number;
}

/** What was seen in one stage of the current run. */
export interface StageObservations {
  /** Treated share of the stage, 0 to 1; segments have 0: nobody in them is randomised. */
  readonly share: number;
  /** Distinct sampled units; times `sample` they are the exposed units. */
  readonly exposed: ArmCounts;
  readonly outcomes: Readonly<Record<string, OutcomeCounts>>;
  readonly firstExposureMs?: number;
  readonly firstBadMs?: number;
}

/** The last answer of a query guardrail. */
export interface QueryObservation {
  /** Undefined while there is no data: empty, NaN, or a failure. */
  readonly value?: number;
  /** Failures in a row; four make the guardrail blind. */
  readonly failures: number;
  /** The first value of the rollout, which a query without `above` is compared with. */
  readonly baseline?: number;
  readonly problem?: string;
}

/** Everything a decision is made from, besides the plan, the state and the time: plain data, stored with the decision. */
export interface Observations {
  /** By stage name on the wire, current run only. */
  readonly stages: Readonly<Record<string, StageObservations>>;
  /** m of the 1/m sample all exposures were brought to. */
  readonly sample: number;
  readonly sampleRatio: readonly ExposureStratum[];
  /** Sampled units seen in an arm their earlier stages rule out. */
  readonly switched: number;
  readonly lastExposureMs?: number;
  /** Newly exposed units per second over the last minute, both arms. */
  readonly unitsPerSecond: number;
  /** By guardrail id. */
  readonly queries: Readonly<Record<string, QueryObservation>>;
  /** Names of alerts that are firing. */
  readonly firing: readonly string[];
  /** Reports dropped because a bound bit. */
  readonly dropped: number;
}

/** Nothing seen yet. */
export const noObservations: Observations = {
  stages: {},
  sample: 1,
  sampleRatio: [],
  switched: 0,
  unitsPerSecond: 0,
  queries: {},
  firing: [],
  dropped: 0,
};
