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
  readonly #first = new Map<string, Record<Arm, number>>();
  readonly #all = new Map<string, Record<Arm, number>>();
  readonly #limit: number;
  dropped = 0;

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  add(unit: string, sighting: BadSighting): OutcomeResult {
    const known = this.#units.get(unit);
    if (known?.some((entry) => entry.stage === sighting.stage) === true) return "known";
    if (known === undefined && this.#units.size >= this.#limit) {
      this.dropped += 1;
      return "dropped";
    }
    if (known === undefined) this.#units.set(unit, [sighting]);
    else known.push(sighting);
    count(this.#all, sighting);
    if (known !== undefined) return "stage";
    count(this.#first, sighting);
    return "first";
  }

  first(stage: string): ArmCounts {
    return { treatment: 0, control: 0, ...this.#first.get(stage) };
  }

  all(stage: string): ArmCounts {
    return { treatment: 0, control: 0, ...this.#all.get(stage) };
  }

  /** Bad units of a stage that `accepts` says belong to the exposure sample. */
  among(stage: string, accepts: (unit: string, arm: Arm) => boolean): ArmCounts {
    const counts = { treatment: 0, control: 0 };
    for (const [unit, sightings] of this.#units)
      for (const sighting of sightings)
        if (sighting.stage === stage && accepts(unit, sighting.arm)) counts[sighting.arm] += 1;
    return counts;
  }

  ofUnit(unit: string): readonly BadSighting[] {
    return this.#units.get(unit) ?? [];
  }
}

function count(counts: Map<string, Record<Arm, number>>, { stage, arm }: BadSighting): void {
  const entry = counts.get(stage) ?? { treatment: 0, control: 0 };
  entry[arm] += 1;
  counts.set(stage, entry);
}
