import { describe, expect, it } from "vitest";
import { sampleRatioEvidence } from "./sample-ratio.ts";

const half = (treatment: number, control: number) => [{ share: 0.5, treatment, control }];

describe("the evidence of a sample ratio mismatch", () => {
  it.each([
    [44700, 45489, 100, 0.042165],
    [821588, 815482, 100, 6.532368],
    [44700, 45489, 1000, 1.156721],
    [821588, 815482, 1000, 7.679379],
  ])(
    "of %d against %d units with concentration %d is as published",
    (treatment, control, prior, expected) => {
      expect(sampleRatioEvidence(half(treatment, control), prior)).toBeCloseTo(expected, 6);
    },
  );

  it("reaches one in a thousand after about 500 units at 40 to 60", () => {
    const units = [100, 200, 300, 400, 500, 600, 700].find(
      (count) => sampleRatioEvidence(half(count * 0.4, count * 0.6)) >= Math.log(1000),
    );
    expect(units).toBeGreaterThanOrEqual(400);
    expect(units).toBeLessThanOrEqual(600);
  });

  it("adds over strata, and stages that treat all or nobody say nothing", () => {
    const one = sampleRatioEvidence([{ share: 0.1, treatment: 30, control: 70 }]);
    const two = sampleRatioEvidence(half(40, 60));
    const both = sampleRatioEvidence([
      { share: 0.1, treatment: 30, control: 70 },
      ...half(40, 60),
      { share: 1, treatment: 9, control: 0 },
    ]);
    expect(both).toBeCloseTo(one + two, 12);
  });
});
