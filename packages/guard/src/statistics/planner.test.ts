import { describe, expect, it } from "vitest";
import { spendAlpha } from "./alpha.ts";
import { expectDetectionSeconds, expectTreatedBadUnits } from "./planner.ts";

describe("the planner", () => {
  // Medians of the published simulation (treated bad units until a breach).
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
    "expects the published number of units at alpha %d and share %d within 20 %% or one unit",
    (alpha, share, medians) => {
      for (const [index, ratio] of [2, 3, 10, 50].entries()) {
        const expected = expectTreatedBadUnits({ share, ratio, tolerate: 1, alpha });
        const published = medians[index] ?? 0;
        expect(Math.abs(expected - published)).toBeLessThanOrEqual(Math.max(1, 0.2 * published));
      }
    },
  );

  it("says how long a stage needs at the traffic there is", () => {
    const sensitivity = { share: 0.01, ratio: 2, tolerate: 1, alpha: 0.001 };
    const seconds = expectDetectionSeconds(sensitivity, 1000, 0.005);
    expect(seconds).toBeGreaterThan(380);
    expect(seconds).toBeLessThan(580);
    expect(expectDetectionSeconds(sensitivity, 0, 0.005)).toBe(Infinity);
  });

  it("knows what cannot be seen: everybody treated, or a ratio within the tolerance", () => {
    expect(expectTreatedBadUnits({ share: 1, ratio: 2, tolerate: 1, alpha: 0.01 })).toBe(Infinity);
    expect(expectTreatedBadUnits({ share: 0.1, ratio: 1.1, tolerate: 1.1, alpha: 0.01 })).toBe(Infinity);
  });

  it("never spends more than the plan's alpha, however often somebody resumes", () => {
    let spent = 0;
    for (let run = 0; run < 50; run += 1) spent += 3 * spendAlpha(0.01, 3, run);
    expect(spent).toBeLessThanOrEqual(0.01);
    expect(spendAlpha(0.01, 3, 49)).toBeGreaterThan(0);
    expect(spendAlpha(0.01, 1, 0)).toBeCloseTo(0.008, 12);
  });
});
