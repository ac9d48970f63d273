import { describe, expect, it } from "vitest";
import { rateRatioEvidence } from "./rate-ratio.ts";

/** Seeded chance, so that the medians below are the same everywhere. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = state ^ (state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    mixed ^= mixed >>> 12;
    return (mixed >>> 0) / 4_294_967_296;
  };
}

/** Median of treated bad units until the evidence is enough, over simulated rollouts of a harm of this ratio. */
function medianUnits(
  alpha: number,
  share: number,
  ratio: number,
  tolerate: number,
  rollouts: number,
): number {
  const chance = createChance(20261121);
  const treated = (share * ratio) / (share * ratio + 1 - share);
  const threshold = Math.log(1 / alpha);
  const found = Array.from({ length: rollouts }, () => {
    let [treatment, control] = [0, 0];
    for (;;) {
      if (chance() >= treated) {
        control += 1;
        continue;
      }
      treatment += 1;
      if (treatment >= 3 && rateRatioEvidence([{ share, treatment, control }], tolerate) >= threshold)
        return treatment;
    }
  }).sort((a, b) => a - b);
  return found[Math.floor(rollouts / 2)] ?? 0;
}

describe("detection", () => {
  it.each([
    [0.01, 0.01, [34, 14, 4, 3]],
    [0.01, 0.1, [35, 15, 5, 3]],
    [0.01, 0.5, [72, 33, 12, 9]],
    [0.001, 0.01, [48, 20, 6, 3]],
    [0.001, 0.1, [49, 22, 8, 5]],
    [0.001, 0.5, [106, 47, 16, 12]],
    [1e-6, 0.01, [82, 35, 11, 6]],
    [1e-6, 0.1, [91, 42, 14, 8]],
    [1e-6, 0.5, [187, 91, 34, 23]],
  ])(
    "at alpha %d and share %d needs the published median of treated bad units, within 20 %% or one",
    (alpha, share, medians) => {
      for (const [index, ratio] of [2, 3, 10, 50].entries()) {
        const published = medians[index] ?? 0;
        const median = medianUnits(alpha, share, ratio, 1, 201);
        expect(
          Math.abs(median - published),
          `ratio ${ratio}: ${median} against ${published}`,
        ).toBeLessThanOrEqual(Math.max(1, 0.2 * published));
      }
    },
  );

  // Medians of 1001 rollouts of an independent program (Python, another generator).
  it.each([
    [0.01, 0.05, 5, 1, 8],
    [0.005, 0.2, 4, 1, 14],
    [0.01, 0.3, 2.5, 1, 27],
    [0.0001, 0.02, 20, 1, 6],
    [0.002, 0.5, 6, 1, 21],
    [0.01, 0.25, 8, 1.1, 8],
    [0.003, 0.1, 3, 1.1, 23],
  ])(
    "at alpha %d, share %d, ratio %d, tolerance %d needs about %d units",
    (alpha, share, ratio, tolerate, expected) => {
      const median = medianUnits(alpha, share, ratio, tolerate, 401);
      expect(Math.abs(median - expected)).toBeLessThanOrEqual(Math.max(1, 0.2 * expected));
    },
  );
});
