// Which units were exposed, once each, whatever the number of processes that report them.
//
// A unit's place in the split is fixed by its hash, and percentages only move the border. So each stage narrows down where a unit stands:
// whoever was in control at 1 % is treated at 10 % with the chance (10-1)/(100-1), whoever was treated at 1 % certainly is. The sample-ratio test
// asks every sighting against exactly that chance. Counting the same units afresh per stage would add up the same luck again and again.
import type { ArmCounts, ExposureStratum } from "./observations.ts";
import type { Arm } from "./fast-lane-event.ts";
import { isSampled } from "./unit-sample.ts";

interface Sighting {
  readonly stage: string;
  readonly arm: Arm;
  /** Chance of the treatment before this sighting; undefined where it was no news. */
  readonly share: number | undefined;
}

interface ExposedUnit {
  low: number;
  high: number;
  switched: boolean;
  readonly sightings: Sighting[];
}

/** What happened to a reported exposure. */
export type ExposureResult = "new" | "known" | "unsampled";

/** Distinct exposed units of one run, held in a 1/m sample that grows coarser instead of growing large. */
export class ExposureBook {
  readonly #units = new Map<string, ExposedUnit>();
  readonly #limit: number;
  readonly #exposed = new Map<string, { treatment: number; control: number }>();
  readonly #strata = new Map<number, { treatment: number; control: number }>();
  #switched = 0;
  #sample = 1;

  /** `limit` is the most units held before the sample is halved. */
  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  get sample(): number {
    return this.#sample;
  }

  get switched(): number {
    return this.#switched;
  }

  /** Brings everything to at least this m: processes may report different ones, and only the coarsest is common to all. */
  coarsen(sample: number): void {
    if (sample <= this.#sample) return;
    this.#sample = sample;
    for (const unit of this.#units.keys()) if (!isSampled(unit, sample)) this.#units.delete(unit);
    this.#exposed.clear();
    this.#strata.clear();
    this.#switched = 0;
    for (const unit of this.#units.values()) {
      for (const sighting of unit.sightings) this.#count(sighting);
      if (unit.switched) this.#switched += 1;
    }
  }

  /**
   * Notes that a unit was exposed in a stage whose treated share is `share`; the first report of a unit in a stage counts. Where users are chosen
   * (`share` undefined) an arm says nothing about a unit's place.
   */
  add(unit: string, stage: string, arm: Arm, share: number | undefined): ExposureResult {
    if (!isSampled(unit, this.#sample)) return "unsampled";
    let entry = this.#units.get(unit);
    if (entry?.sightings.some((sighting) => sighting.stage === stage) === true) return "known";
    if (entry === undefined) {
      entry = { low: 0, high: 1, switched: false, sightings: [] };
      this.#units.set(unit, entry);
    }
    const sighting = { stage, arm, share: share === undefined ? undefined : this.#place(entry, arm, share) };
    entry.sightings.push(sighting);
    this.#count(sighting);
    if (this.#units.size > this.#limit) this.coarsen(this.#sample * 2);
    return "new";
  }

  /** Distinct sampled units of a stage. */
  exposed(stage: string): ArmCounts {
    const { treatment, control } = this.#exposed.get(stage) ?? { treatment: 0, control: 0 };
    return { treatment, control };
  }

  /** Sightings that were news, by the chance of the treatment they had. */
  strata(): readonly ExposureStratum[] {
    return [...this.#strata].map(([share, { treatment, control }]) => ({ share, treatment, control }));
  }

  /** Whether a unit was seen exposed in a stage and arm. */
  has(unit: string, stage: string, arm: Arm): boolean {
    return (
      this.#units.get(unit)?.sightings.some((entry) => entry.stage === stage && entry.arm === arm) ?? false
    );
  }

  /** Narrows down where a unit stands by the arm it got; answers the chance of the treatment before, unless it was certain. */
  #place(entry: ExposedUnit, arm: Arm, share: number): number | undefined {
    const chance = Math.min(1, Math.max(0, (share - entry.low) / (entry.high - entry.low)));
    if (chance > 0 && chance < 1) {
      if (arm === "treatment") entry.high = share;
      else entry.low = share;
      return chance;
    }
    const contradiction = (chance === 0) === (arm === "treatment");
    if (contradiction && !entry.switched) {
      entry.switched = true;
      this.#switched += 1;
    }
    return undefined;
  }

  #count(sighting: Sighting): void {
    add(this.#exposed, sighting.stage, sighting.arm);
    if (sighting.share !== undefined) add(this.#strata, sighting.share, sighting.arm);
  }
}

function add<K>(counts: Map<K, { treatment: number; control: number }>, key: K, arm: Arm): void {
  const entry = counts.get(key) ?? { treatment: 0, control: 0 };
  entry[arm] += 1;
  counts.set(key, entry);
}
