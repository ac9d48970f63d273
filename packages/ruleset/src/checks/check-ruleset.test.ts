import { describe, expect, it } from "vitest";
import { flagOf, rulesetOf } from "../evaluator.test-support.ts";
import type { FlagDefinition, Issue, IssueCode } from "../types.ts";
import { checkRuleset } from "./check-ruleset.ts";

function check(flag: Partial<FlagDefinition>): readonly Issue[] {
  return checkRuleset(rulesetOf({ flags: { flag: flagOf(flag) } }));
}

function codes(targeting: unknown): readonly IssueCode[] {
  return check({ targeting: targeting as never }).map(({ code }) => code);
}

it("a sound ruleset has no issue", () => {
  const targeting = {
    if: [
      { and: [{ sem_ver: [{ var: "v" }, ">=", "1.2"] }, { ends_with: [{ var: "email" }, "@example.com"] }] },
      "on",
      { in: [{ var: "country" }, ["CH"]] },
      { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "org" }] }, ["on", 50], ["off", 50]] },
      { variant: "off", reason: "FALLTHROUGH" },
    ],
  };
  expect(check({ targeting })).toStrictEqual([]);
});

describe("one check each", () => {
  it.each<[string, unknown, readonly IssueCode[]]>([
    ["a misspelt variant", { if: [{ var: "x" }, "onn"] }, ["unknown-variant"]],
    [
      "an unknown variant in a share",
      {
        fractional: [
          ["on", 1],
          ["offf", 1],
        ],
      },
      ["unknown-variant"],
    ],
    ["an unknown variant in an object result", { variant: "nope", reason: "R" }, ["unknown-variant"]],
    ["null for the default", { if: [{ var: "x" }, null, "on"] }, []],
    ["a boolean as the name of no variant", { if: [{ var: "x" }, true] }, ["unknown-variant"]],
    ["an unknown operator", { if: [{ starts_wth: [{ var: "x" }, "a"] }, "on"] }, ["unknown-operator"]],
    ["a condition that always holds", { if: [true, "on", { var: "x" }, "off"] }, ["unreachable-rule"]],
    ["a condition that never holds", { if: [[], "on", "off"] }, ["unreachable-rule"]],
    ["a condition asked twice", { if: [{ var: "x" }, "on", { var: "x" }, "off"] }, ["unreachable-rule"]],
    ["a literal last condition", { if: [{ var: "x" }, "on", true, "off"] }, []],
    [
      "weights that sum to 0",
      {
        fractional: [
          ["on", 0],
          ["off", 0],
        ],
      },
      ["zero-weights"],
    ],
    ["no buckets", { fractional: [{ var: "x" }] }, ["zero-weights"]],
    [
      "a negative weight",
      {
        fractional: [
          ["on", -1],
          ["off", 1],
        ],
      },
      ["invalid-weight"],
    ],
    [
      "a weight with a fraction",
      {
        fractional: [
          ["on", 0.5],
          ["off", 1],
        ],
      },
      ["invalid-weight"],
    ],
    [
      "weights beyond the maximum",
      {
        fractional: [
          ["on", 2_147_483_647],
          ["off", 1],
        ],
      },
      ["invalid-weight"],
    ],
    [
      "a computed weight",
      {
        fractional: [
          ["on", { var: "w" }],
          ["off", 0],
        ],
      },
      [],
    ],
    ["a bucket that is none", { fractional: [["on", 1], 5] }, ["invalid-arguments"]],
    ["a literal text to hash", { fractional: ["salt", ["on", 1], ["off", 1]] }, ["invalid-arguments"]],
    ["a share of no list", { fractional: "on" }, ["invalid-arguments"]],
    ["an invalid version", { if: [{ sem_ver: [{ var: "v" }, ">", "1.2-beta"] }, "on"] }, ["invalid-version"]],
    ["an unknown relation", { if: [{ sem_ver: [{ var: "v" }, "===", "1.2"] }, "on"] }, ["invalid-arguments"]],
    ["too few versions", { if: [{ sem_ver: [{ var: "v" }, ">"] }, "on"] }, ["invalid-arguments"]],
    ["starts_with of a number", { if: [{ starts_with: [{ var: "v" }, 1] }, "on"] }, ["invalid-arguments"]],
    ["if without a list", { if: true }, ["invalid-arguments"]],
    ["an unknown property of $flagd", { if: [{ var: "$flagd.key" }, "on"] }, ["unknown-flagd-property"]],
    ["a list compared", { if: [{ "==": [{ var: "x" }, ["a"]] }, "on"] }, ["impossible-comparison"]],
    [
      "one attribute of two types",
      { if: [{ and: [{ "===": [{ var: "x" }, "1"] }, { "===": [1, { var: "x" }] }] }, "on"] },
      ["impossible-comparison"],
    ],
    ["in a number", { if: [{ in: [{ var: "x" }, 5] }, "on"] }, ["impossible-comparison"]],
    ["a number in a text", { if: [{ in: [5, "abc"] }, "on"] }, ["impossible-comparison"]],
    ["an operator of Go alone", { if: [{ contains_any: [{ var: "x" }, ["a"]] }, "on"] }, ["engine-quirk"]],
    [
      "cat that will be trimmed",
      { if: [{ "==": [{ cat: [{ var: "x" }, " "] }, "a"] }, "on"] },
      ["engine-quirk"],
    ],
    ["the length of a list", { if: [{ var: "x.length" }, "on"] }, ["engine-quirk"]],
    [
      "reduce without a start",
      { if: [{ reduce: [{ var: "x" }, { var: "current" }] }, "on"] },
      ["engine-quirk"],
    ],
  ])("%s", (_title, targeting, expected) => {
    expect(codes(targeting)).toStrictEqual(expected);
  });

  it.each<[string, Partial<FlagDefinition>, IssueCode]>([
    ["no variant", { variants: {}, defaultVariant: null }, "invalid-variants"],
    ["a variant of null", { variants: { off: null } }, "invalid-variants"],
    ["variants of two types", { variants: { off: false, on: "yes" } }, "mixed-variant-types"],
    [
      "a name that flagd cannot match",
      { variants: { off: 1, "a<b": 2 }, targeting: { if: [{ var: "x" }, "off"] } },
      "unmatchable-name",
    ],
  ])("%s", (_title, flag, code) => {
    expect(check(flag)).toMatchObject([{ code, flagKey: "flag" }]);
  });

  it("suggests the name that was meant, and says where", () => {
    expect(check({ targeting: { if: [{ var: "x" }, "onn"] } })).toMatchObject([
      { didYouMean: "on", path: ["flags", "flag", "targeting", "if", 1], severity: "error" },
    ]);
    expect(check({ targeting: { if: [{ starts_wth: ["a", "b"] }, "on"] } })).toMatchObject([
      { didYouMean: "starts_with" },
    ]);
    expect(check({ targeting: { if: [{ var: "$flagd.timestmap" }, "on"] } })).toMatchObject([
      { didYouMean: "$flagd.timestamp" },
    ]);
  });
});
