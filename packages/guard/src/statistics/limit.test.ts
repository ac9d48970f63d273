import { describe, expect, it } from "vitest";
import { limitEvidence, shareLowerBound } from "./limit.ts";

describe("the evidence that a limit is exceeded", () => {
  // Computed with 50 decimal digits.
  it.each([
    [20, 20, 0.2, 29.68021971934936],
    [8, 20, 0.2, 1.132405885222092],
    [0, 50, 0.2, -3.414384618709389],
    [90, 300, 0.2, 6.4594690300481332],
    [3, 3, 0.6, 0.7987772723705219],
  ])("of %d bad among %d with limit %d matches an exact computation", (bad, exposed, limit, expected) => {
    expect(limitEvidence(bad, exposed, limit)).toBeCloseTo(expected, 9);
  });

  it("has an expectation of at most one after any next unit, at every share within the limit", () => {
    for (const share of [0.01, 0.1, 0.2])
      for (const [bad, exposed] of [
        [0, 0],
        [5, 20],
        [30, 100],
      ] as const) {
        const now = Math.exp(limitEvidence(bad, exposed, 0.2));
        const next =
          share * Math.exp(limitEvidence(bad + 1, exposed + 1, 0.2)) +
          (1 - share) * Math.exp(limitEvidence(bad, exposed + 1, 0.2));
        expect(next / now).toBeLessThanOrEqual(1 + 1e-12);
      }
  });

  it("bounds the share from below, so that five bad of twenty do not exceed a limit of 20 %", () => {
    expect(shareLowerBound(5, 20, 0.01)).toBeLessThan(0.2);
    expect(shareLowerBound(20, 20, 0.01)).toBeGreaterThan(0.6);
    expect(shareLowerBound(0, 20, 0.01)).toBe(0);
  });
});
