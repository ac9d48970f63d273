import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate/evaluate.ts";
import { flagOf, rulesetOf } from "./evaluator.test-support.ts";
import { explain } from "./explain.ts";

const targeting = {
  if: [
    { "==": [{ var: "tier" }, "gold"] },
    "on",
    { in: [{ var: "country" }, ["CH", "DE"]] },
    {
      if: [
        { "!": [{ var: "opted" }] },
        {
          fractional: [
            ["on", 20],
            ["off", 80],
          ],
        },
      ],
    },
    "off",
  ],
};
const ruleset = rulesetOf({
  flags: { flag: flagOf({ targeting }), fixed: flagOf(), broken: flagOf({ targeting: { nope: [1] } }) },
});

describe("explain", () => {
  it("names the clause that decided, through every if, and answers as evaluate does", () => {
    const context = { country: "CH", targetingKey: "user1" };
    const explanation = explain(ruleset, "flag", context, 0);
    expect(explanation.evaluation).toStrictEqual(evaluate(ruleset, "flag", context, 0));
    expect(explanation).toMatchObject({
      decidedBy: "targeting",
      rule: ["flags", "flag", "targeting", "if", 3, "if", 1],
      omittedSteps: 0,
    });
  });

  it("shows each condition with the values it saw", () => {
    const { steps } = explain(ruleset, "flag", { tier: "silver", country: "FR" }, 0);
    expect(steps).toMatchObject([
      { operator: "var", arguments: "tier", answer: "silver" },
      {
        operator: "==",
        arguments: ["silver", "gold"],
        answer: false,
        path: ["flags", "flag", "targeting", "if", 0],
      },
      { operator: "var", answer: "FR" },
      { operator: "in", arguments: ["FR", ["CH", "DE"]], answer: false },
      { operator: "if", answer: "off" },
    ]);
  });

  it("shows hash, bucket and bounds of a share", () => {
    const { steps } = explain(ruleset, "flag", { country: "CH", targetingKey: "user1" }, 0);
    const bucket = steps.find(({ operator }) => operator === "fractional")?.bucket;
    expect(bucket).toMatchObject({ bucketBy: "flaguser1", total: 100 });
    expect(bucket?.bucket).toBe(Math.floor(((bucket?.hash ?? 0) * 100) / 2 ** 32));
    expect(bucket?.bucket).toBeGreaterThanOrEqual(bucket?.from ?? 100);
    expect(bucket?.bucket).toBeLessThan(bucket?.to ?? 0);
  });

  it.each([
    ["fixed", {}, "flag"],
    ["flag", { country: "CH" }, "default"],
    ["broken", {}, "error"],
    ["missing", {}, "error"],
    ["flag", { tier: "gold" }, "targeting"],
  ])("%s with %j is decided by the %s", (key, context, decidedBy) => {
    const explanation = explain(ruleset, key, context, 0);
    expect(explanation.decidedBy).toBe(decidedBy);
    expect("rule" in explanation).toBe(decidedBy === "targeting");
  });

  it("keeps a thousand steps and counts the rest", () => {
    const loop = {
      reduce: [
        Array.from({ length: 900 }, () => 1),
        { "+": [{ var: "current" }, { var: "accumulator" }] },
        0,
      ],
    };
    const long = rulesetOf({ flags: { flag: flagOf({ targeting: { if: [loop, "on"] } }) } });
    const { steps, omittedSteps, evaluation } = explain(long, "flag", {}, 0);
    expect(evaluation).toMatchObject({ variant: "on" });
    expect(steps).toHaveLength(1000);
    expect(omittedSteps).toBe(900 * 3 + 2 - 1000);
  });
});
