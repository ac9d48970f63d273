import { describe, expect, it } from "vitest";
import { anytimeP, meanEvidence, rateRatioEvidence } from "./rate-ratio.ts";
import type { Stratum } from "./rate-ratio.ts";

const strata = (...entries: readonly (readonly [number, number, number])[]): readonly Stratum[] =>
  entries.map(([treatment, control, share]) => ({ treatment, control, share }));

describe("the evidence of a rate ratio", () => {
  it.each([
    [strata([0, 0, 0.5]), 1, 0],
    [strata([10, 2, 0.5]), 1, 2.2021046047285973],
    [strata([2, 10, 0.5]), 1, -2.777502143768439],
    [strata([30, 10, 0.5]), 1, 3.7586142235269673],
    [strata([3, 5, 0.01]), 1, 7.079619410463762],
  ])("matches the published vector %j, tolerance %d", (given, tolerate, expected) => {
    expect(rateRatioEvidence(given, tolerate)).toBeCloseTo(expected, 10);
  });

  // Computed with 50 decimal digits by the product of the 24 bets, without logarithms.
  it.each([
    [strata([4, 9, 0.03]), 1, 5.306265738898331],
    [strata([12, 7, 0.25]), 1.1, 4.266440740470832],
    [strata([5, 60, 0.02], [9, 31, 0.2]), 1.1, -0.8565620875347811],
    [strata([2, 40, 0.05], [6, 55, 0.1], [20, 21, 0.5]), 1.5, -3.4560353861792423],
    [strata([3, 0, 0.01]), 1, 8.524429949203137],
    [strata([3, 0, 0.5]), 1, 1.5962410323347453],
    [strata([400, 3600, 0.1]), 1, -3.6119561511715634],
    [strata([0, 500, 0.3]), 2, -14.585392713433619],
  ])("matches an exact computation of %j, tolerance %d", (given, tolerate, expected) => {
    expect(rateRatioEvidence(given, tolerate)).toBeCloseTo(expected, 10);
  });

  it("says nothing where everybody or nobody is treated", () => {
    expect(rateRatioEvidence(strata([50, 0, 1], [0, 50, 0]), 1)).toBe(0);
  });

  it("does not depend on the order in which units turned bad or stages are listed", () => {
    const there = rateRatioEvidence(strata([4, 9, 0.03], [7, 2, 0.5]), 1.1);
    expect(rateRatioEvidence(strata([7, 2, 0.5], [4, 9, 0.03]), 1.1)).toBeCloseTo(there, 12);
  });

  it("has an expectation of at most one after any next bad unit, at every ratio that is tolerated", () => {
    for (const share of [0.01, 0.1, 0.5])
      for (const ratio of [0.3, 0.8, 1, 1.1])
        for (const [treatment, control] of [
          [0, 0],
          [3, 10],
          [9, 4],
        ] as const) {
          const now = Math.exp(rateRatioEvidence(strata([treatment, control, share]), 1.1));
          const chance = (share * ratio) / (share * ratio + 1 - share);
          const next =
            chance * Math.exp(rateRatioEvidence(strata([treatment + 1, control, share]), 1.1)) +
            (1 - chance) * Math.exp(rateRatioEvidence(strata([treatment, control + 1, share]), 1.1));
          expect(next / now).toBeLessThanOrEqual(1 + 1e-12);
        }
  });

  it("averages the bounds of a slow guardrail as e-values, not as logarithms", () => {
    expect(meanEvidence([Math.log(9), Math.log(1)])).toBeCloseTo(Math.log(5), 12);
    expect(meanEvidence([])).toBe(0);
    expect(meanEvidence([-1e6, 800])).toBeCloseTo(800 - Math.log(2), 9);
  });

  it("turns the largest evidence into a p-value that peeking cannot lower unfairly", () => {
    expect(anytimeP(-3)).toBe(1);
    expect(anytimeP(Math.log(200))).toBeCloseTo(0.005, 12);
  });
});
