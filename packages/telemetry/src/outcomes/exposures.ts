import type { WatchedArm } from "../scope/watched-arm.ts";
import { isSampled, sampleOf } from "./exposure-sample.ts";

/** Newly exposed units of one flag, stage and arm, for one `feature_flag.exposures` record. */
export interface ExposureBatch {
  readonly flagKey: string;
  readonly variant: string;
  readonly setId: string | undefined;
  readonly watch: WatchedArm;
  readonly units: readonly string[];
  readonly sample: number;
  /** All newly exposed, sampled or not, with or without an id; for people, never for a verdict. */
  readonly count: number;
}

/** The most ids held per stage between two flushes; above it the sample is thinned while collecting. */
const maxHeld = 8192;

interface ArmExposures {
  readonly variant: string;
  readonly setId: string | undefined;
  readonly watch: WatchedArm;
  units: string[];
  withId: number;
  count: number;
}

/**
 * Collects the newly exposed units of one flag and stage. Both arms are thinned by the same m, chosen by the busier
 * one, so that their ratio is kept: the sample-ratio check reads it.
 */
export class StageExposures {
  readonly #flagKey: string;
  readonly #arms = new Map<"treatment" | "control", ArmExposures>();
  #held = 1;

  constructor(flagKey: string) {
    this.#flagKey = flagKey;
  }

  /** Takes in one newly exposed unit (without id where nobody gave one). */
  add(watch: WatchedArm, variant: string, setId: string | undefined, unit: string | undefined): void {
    let arm = this.#arms.get(watch.arm);
    if (arm === undefined) {
      arm = { variant, setId, watch, units: [], withId: 0, count: 0 };
      this.#arms.set(watch.arm, arm);
    }
    arm.count += 1;
    if (unit === undefined) return;
    arm.withId += 1;
    if (!isSampled(unit, this.#held)) return;
    arm.units.push(unit);
    if (arm.units.length > maxHeld) this.#thin(this.#held * 2);
  }

  /** Hands out what was collected since the last time and starts anew. */
  take(): readonly ExposureBatch[] {
    const arms = [...this.#arms.values()];
    const m = Math.max(this.#held, sampleOf(Math.max(0, ...arms.map((arm) => arm.withId))));
    this.#thin(m);
    const batches = arms.map(({ variant, setId, watch, units, count }): ExposureBatch => ({
      flagKey: this.#flagKey,
      variant,
      setId,
      watch,
      units,
      sample: m,
      count,
    }));
    this.#arms.clear();
    this.#held = 1;
    return batches;
  }

  #thin(m: number): void {
    if (m === this.#held) return;
    this.#held = m;
    for (const arm of this.#arms.values()) arm.units = arm.units.filter((unit) => isSampled(unit, m));
  }
}
