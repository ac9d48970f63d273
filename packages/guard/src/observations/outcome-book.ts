import type { Arm } from "./fast-lane-event.ts";
import type { ArmCounts } from "./observations.ts";

/** One bad unit in one stage, as support asks for it. */
export interface BadSighting {
  readonly outcome: string;
  readonly stage: string;
  readonly arm: Arm;
  readonly atMs: number;
  readonly errorType?: string;
}

/** What happened to a reported outcome: the first of its unit in the run, new in this stage, a repetition, or beyond the bound. */
export type OutcomeResult = "first" | "stage" | "known" | "dropped";

/**
 * Distinct bad units of one run for one kind of outcome.
 *
 * Evidence counts a unit once per run, in the stage where it first turned bad: the same unlucky users fail in every stage, and counting them
 * again would multiply the luck of the draw. Beyond the bound new units are dropped and counted, whichever arm they are in.
 */
export class OutcomeBook {
  readonly #units = new Map<string, BadSighting[]>();
  readonly #first: StageCounts = new Map();
  readonly #all: StageCounts = new Map();
  readonly #sampled: StageCounts = new Map();
  readonly #limit: number;
  dropped = 0;

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  /** `exposed` says whether the unit is among the sampled exposed units of that stage and arm. */
  add(unit: string, sighting: BadSighting, exposed: boolean): OutcomeResult {
    const known = this.#units.get(unit);
    if (known?.some((entry) => entry.stage === sighting.stage) === true) return "known";
    if (known === undefined && this.#units.size >= this.#limit) {
      this.dropped += 1;
      return "dropped";
    }
    if (known === undefined) this.#units.set(unit, [sighting]);
    else known.push(sighting);
    count(this.#all, sighting);
    if (exposed) count(this.#sampled, sighting);
    if (known !== undefined) return "stage";
    count(this.#first, sighting);
    return "first";
  }

  /** Notes that a unit is exposed, if it turned bad in that stage and arm before its exposure was reported. */
  expose(unit: string, stage: string, arm: Arm): void {
    const sighting = this.#units.get(unit)?.find((entry) => entry.stage === stage && entry.arm === arm);
    if (sighting !== undefined) count(this.#sampled, sighting);
  }

  /** Counts the sampled units anew, after the sample of exposed units has changed. */
  resample(isExposed: (unit: string, stage: string, arm: Arm) => boolean): void {
    this.#sampled.clear();
    for (const [unit, sightings] of this.#units)
      for (const sighting of sightings)
        if (isExposed(unit, sighting.stage, sighting.arm)) count(this.#sampled, sighting);
  }

  /** Units whose first bad outcome of the run came in this stage. */
  first(stage: string): ArmCounts {
    return read(this.#first, stage);
  }

  /** All distinct bad units of the stage. */
  all(stage: string): ArmCounts {
    return read(this.#all, stage);
  }

  /** Those among the sampled exposed units. */
  sampled(stage: string): ArmCounts {
    return read(this.#sampled, stage);
  }

  ofUnit(unit: string): readonly BadSighting[] {
    return this.#units.get(unit) ?? [];
  }
}

type StageCounts = Map<string, Record<Arm, number>>;

function read(counts: StageCounts, stage: string): ArmCounts {
  return { treatment: 0, control: 0, ...counts.get(stage) };
}

function count(counts: StageCounts, { stage, arm }: BadSighting): void {
  const entry = counts.get(stage) ?? { treatment: 0, control: 0 };
  entry[arm] += 1;
  counts.set(stage, entry);
}
