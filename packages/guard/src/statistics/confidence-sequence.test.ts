import { describe, expect, it } from "vitest";
import { estimateRateRatio } from "./confidence-sequence.ts";
import { rateRatioEvidence } from "./rate-ratio.ts";

describe("the confidence sequence of the rate ratio", () => {
  it("holds exactly the tolerances the evidence does not reject", () => {
    const strata = [{ share: 0.1, treatment: 14, control: 40 }];
    const { lower, upper, estimate } = estimateRateRatio(strata);
    expect(rateRatioEvidence(strata, lower * 0.999)).toBeGreaterThan(Math.log(40));
    expect(rateRatioEvidence(strata, lower * 1.001)).toBeLessThan(Math.log(40));
    expect(estimate).toBeCloseTo(14 / 0.1 / (40 / 0.9), 6);
    expect(lower).toBeLessThan(3.15);
    expect(upper).toBeGreaterThan(3.15);
  });

  it("estimates one ratio over stages that each have another", () => {
    const { estimate } = estimateRateRatio([
      { share: 0.01, treatment: 2, control: 99 },
      { share: 0.5, treatment: 200, control: 100 },
    ]);
    expect(estimate).toBeGreaterThan(1.9);
    expect(estimate).toBeLessThan(2.1);
  });

  it("is unbounded without control events and unknown without any", () => {
    expect(estimateRateRatio([{ share: 0.5, treatment: 12, control: 0 }])).toMatchObject({
      estimate: Infinity,
      upper: Infinity,
    });
    expect(estimateRateRatio([])).toEqual({ estimate: undefined, lower: 0, upper: Infinity });
    expect(estimateRateRatio([{ share: 0.5, treatment: 0, control: 9 }])).toMatchObject({
      estimate: 0,
      lower: 0,
    });
  });
});
