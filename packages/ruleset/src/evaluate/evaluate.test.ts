import { describe, expect, it } from "vitest";
import { answer, evaluate, flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { updateRuleset } from "../update.ts";
import type { Evaluation, FlagDefinition, JsonValue } from "../types.ts";

function evaluateFlag(flag: unknown, type?: Parameters<typeof evaluate>[4]): Evaluation {
  return evaluate(rulesetOf({ flags: { flag } }), "flag", { tier: "gold" }, 0, type);
}

describe("the order of cases", () => {
  it.each<[string, unknown, Partial<Evaluation>]>([
    ["no targeting gives the default, STATIC", flagOf(), { value: false, variant: "off", reason: "STATIC" }],
    [
      "empty targeting is none",
      flagOf({ targeting: {} }),
      { value: false, variant: "off", reason: "STATIC" },
    ],
    [
      "targeting null is asked and yields null",
      flagOf({ targeting: null }),
      { variant: "off", reason: "DEFAULT" },
    ],
    ["a match wins", flagOf({ targeting: "on" }), { value: true, variant: "on", reason: "TARGETING_MATCH" }],
    [
      "a boolean names its variant",
      flagOf({ variants: { true: 1 }, defaultVariant: null, targeting: true }),
      { value: 1 },
    ],
    [
      "a number names its variant",
      flagOf({ variants: { "1.5": 1 }, defaultVariant: null, targeting: 1.5 }),
      { value: 1 },
    ],
    [
      "an unknown name is an error",
      flagOf({ targeting: "purple" }),
      { reason: "ERROR", errorCode: "GENERAL" },
    ],
    ["an empty name is an error", flagOf({ targeting: "" }), { reason: "ERROR", errorCode: "GENERAL" }],
    ["a list is an error", flagOf({ targeting: ["on"] }), { reason: "ERROR", errorCode: "GENERAL" }],
    ["an engine failure is an error", flagOf({ targeting: { nope: [] } }), { errorCode: "PARSE_ERROR" }],
    ["infinity is no JSON number", flagOf({ targeting: { "/": [1, 0] } }), { errorCode: "PARSE_ERROR" }],
  ])("%s", (_title, flag, expected) => {
    expect(evaluateFlag(flag)).toMatchObject(expected);
  });

  it.each([null, undefined, ""])("a default variant %j leaves the value to the caller", (defaultVariant) => {
    const { defaultVariant: _, ...flag } = flagOf();
    const evaluation = evaluateFlag(defaultVariant === undefined ? flag : { ...flag, defaultVariant });
    expect(evaluation).toStrictEqual({ reason: "DEFAULT", metadata: {} });
  });

  it("a disabled flag has neither value nor variant, and its targeting is not asked", () => {
    const evaluation = evaluateFlag(flagOf({ state: "DISABLED", targeting: { nope: [] } }), "boolean");
    expect(evaluation).toStrictEqual({ reason: "DISABLED", metadata: {} });
  });

  it("an unknown flag answers FLAG_NOT_FOUND with the set's metadata", () => {
    const ruleset = rulesetOf({ flags: {}, metadata: { flagSetId: "shop.prod" } });
    const evaluation = evaluate(ruleset, "missing", {}, 0);
    expect(evaluation).toMatchObject({ errorCode: "FLAG_NOT_FOUND", metadata: { flagSetId: "shop.prod" } });
    expect(evaluation).not.toHaveProperty("value");
  });

  it("a quarantined flag answers PARSE_ERROR and harms no other", () => {
    const ruleset = rulesetOf({ flags: { bad: { state: "ENABLED" }, good: flagOf() } });
    expect(evaluate(ruleset, "bad", {}, 0)).toMatchObject({ errorCode: "PARSE_ERROR" });
    expect(evaluate(ruleset, "good", {}, 0)).toMatchObject({ reason: "STATIC" });
  });
});

describe("types", () => {
  const values = { boolean: true, string: "a", number: 1, object: { a: 1 } } as const;
  const types = Object.keys(values) as (keyof typeof values)[];
  it.each(types.flatMap((type) => types.map((asked) => [type, asked] as const)))(
    "a %s asked for as %s",
    (type, asked) => {
      for (const targeting of [undefined, "only"]) {
        const flag: FlagDefinition = {
          state: "ENABLED",
          variants: { only: values[type] },
          defaultVariant: "only",
          ...(targeting === undefined ? {} : { targeting }),
        };
        const expected =
          type === asked ? { value: values[type] } : { errorCode: "TYPE_MISMATCH", reason: "ERROR" };
        expect(evaluateFlag(flag, asked)).toMatchObject(expected);
      }
    },
  );
});

describe("metadata", () => {
  it("the flag's wins over the set's", () => {
    const flag = flagOf({ metadata: { owner: "flag", tier: 1 } });
    const ruleset = rulesetOf({ flags: { flag }, metadata: { owner: "set", version: "7" } });
    expect(evaluate(ruleset, "flag", {}, 0).metadata).toStrictEqual({ owner: "flag", version: "7", tier: 1 });
  });

  it("answers are frozen and shared, so that nobody changes another's", () => {
    const ruleset = rulesetOf({ flags: { flag: flagOf() } });
    expect(evaluate(ruleset, "flag", {}, 0)).toBe(evaluate(ruleset, "flag", {}, 1));
    expect(evaluate(ruleset, "flag", {}, 0)).toSatisfy(Object.isFrozen);
  });
});

describe("an object result", () => {
  it.each<[string, JsonValue, Partial<Evaluation>]>([
    ["names its variant", { variant: "on" }, { value: true, variant: "on", reason: "TARGETING_MATCH" }],
    ["gives its reason", { variant: "on", reason: "ALLOWLIST" }, { variant: "on", reason: "ALLOWLIST" }],
    [
      "gives details as metadata",
      { variant: "on", details: "why" },
      { metadata: { details: "why", owner: "flag" } },
    ],
    [
      "gives metadata that wins",
      { variant: "on", metadata: { owner: "rule" } },
      { metadata: { owner: "rule" } },
    ],
    ["with an unknown variant is an error", { variant: "purple", reason: "x" }, { errorCode: "GENERAL" }],
    ["without a variant is an error", { reason: "x", details: "y" }, { errorCode: "PARSE_ERROR" }],
  ])("%s", (_title, targeting, expected) => {
    const flag = flagOf({ metadata: { owner: "flag" }, targeting: { if: [true, targeting] } });
    expect(evaluateFlag(flag)).toMatchObject(expected);
  });

  it("cannot change the type that was asked for", () => {
    const flag = flagOf({ targeting: { variant: "on", reason: "x" } });
    expect(evaluateFlag(flag, "string")).toMatchObject({ errorCode: "TYPE_MISMATCH", reason: "ERROR" });
  });
});

describe("what flagd adds", () => {
  it("$flagd has the flag key and whole seconds, whatever the context says", () => {
    const context = { $flagd: { flagKey: "forged", timestamp: 0 } };
    const flag = flagOf({
      targeting: {
        if: [
          {
            and: [
              { "==": [{ var: "$flagd.flagKey" }, "flag"] },
              { "==": [{ var: "$flagd.timestamp" }, 1_700_000_000] },
            ],
          },
          "on",
        ],
      },
    });
    expect(evaluate(rulesetOf({ flags: { flag } }), "flag", context, 1_700_000_000_999)).toMatchObject({
      variant: "on",
    });
  });
});

describe("references", () => {
  it("an evaluator stands where it is referred to", () => {
    const document = {
      $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
      flags: { flag: flagOf({ targeting: { if: [{ $ref: "internal" }, "on", "off"] } }) },
    };
    expect(evaluate(rulesetOf(document), "flag", { email: "a@example.com" }, 0)).toMatchObject({
      variant: "on",
    });
  });

  it("an unknown one fails only when it is reached", () => {
    expect(answer({ if: [true, "on", { $ref: "nope" }] })).toMatchObject({ variant: "on" });
    expect(answer({ if: [false, "on", { $ref: "nope" }] })).toMatchObject({ errorCode: "PARSE_ERROR" });
  });
});

describe("an error says which flag, and what is wrong with it", () => {
  it.each<[Partial<FlagDefinition>, Evaluation["errorCode"], string]>([
    [{ targeting: "on" }, "TYPE_MISMATCH", "its value is a boolean, a string was asked for"],
    [{ targeting: "purple" }, "GENERAL", 'its targeting yields "purple", none of its variants'],
    [{ targeting: true }, "GENERAL", 'its targeting yields "true", none of its variants'],
    [{ targeting: ["on"] }, "GENERAL", "its targeting yields a list or object that names no variant"],
    [
      { targeting: { reason: "x", details: "y" } },
      "PARSE_ERROR",
      "its targeting yields a list or object that names no variant",
    ],
    [
      { targeting: { variant: 1, reason: "y" } },
      "PARSE_ERROR",
      "its targeting yields a list or object that names no variant",
    ],
    [
      { targeting: { variant: "x", reason: "y" } },
      "GENERAL",
      'its targeting yields "x", none of its variants',
    ],
    [{ targeting: { "/": [1, 0] } }, "PARSE_ERROR", "its targeting yields Infinity, no JSON number"],
    [{ targeting: { "%": [1, 0] } }, "PARSE_ERROR", "its targeting yields NaN, no JSON number"],
    [{ targeting: { nope: [] } }, "PARSE_ERROR", 'unknown operator "nope"'],
  ])("%j", (parts, errorCode, message) => {
    expect(evaluateFlag(flagOf(parts), "string")).toStrictEqual({
      reason: "ERROR",
      errorCode,
      errorMessage: `flag "flag": ${message}`,
      metadata: {},
    });
  });

  it("also where there is no such flag, where it is quarantined, and where the context cannot be read", () => {
    const flags = {
      bad: { state: "ENABLED" },
      good: flagOf({ targeting: { if: [{ var: "x" }, "on"] } }),
    };
    const ruleset = rulesetOf({ flags });
    const context = Object.defineProperty({}, "x", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    expect(evaluate(ruleset, "none", {}, 0)).toStrictEqual({
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
      errorMessage: "the ruleset has no flag none",
      metadata: {},
    });
    expect(evaluate(ruleset, "bad", {}, 0)).toStrictEqual({
      reason: "ERROR",
      errorCode: "PARSE_ERROR",
      errorMessage: 'flag "bad": variants must be an object',
      metadata: {},
    });
    expect(evaluate(ruleset, "good", context, 0)).toStrictEqual({
      reason: "ERROR",
      errorCode: "INVALID_CONTEXT",
      errorMessage: 'flag "good": the context cannot be read: a property throws',
      metadata: {},
    });
  });
});

describe("what a flag answers in full", () => {
  const variants = { a: 1, b: 2, c: 3, "1": 4, "-0": 5 };
  it.each<[Partial<FlagDefinition>, Evaluation]>([
    [{}, { value: 2, variant: "b", reason: "STATIC", metadata: {} }],
    [{ defaultVariant: "" }, { reason: "DEFAULT", metadata: {} }],
    [{ targeting: null }, { value: 2, variant: "b", reason: "DEFAULT", metadata: {} }],
    [{ targeting: { if: [] } }, { value: 2, variant: "b", reason: "DEFAULT", metadata: {} }],
    [
      { targeting: { if: [] }, defaultVariant: null },
      { reason: "DEFAULT", metadata: {} },
    ],
    [{ targeting: "a" }, { value: 1, variant: "a", reason: "TARGETING_MATCH", metadata: {} }],
    [{ targeting: "b" }, { value: 2, variant: "b", reason: "TARGETING_MATCH", metadata: {} }],
    [{ targeting: "c" }, { value: 3, variant: "c", reason: "TARGETING_MATCH", metadata: {} }],
    [{ targeting: 1 }, { value: 4, variant: "1", reason: "TARGETING_MATCH", metadata: {} }],
    [{ targeting: { "-": [0] } }, { value: 5, variant: "-0", reason: "TARGETING_MATCH", metadata: {} }],
    [{ targeting: { variant: "a" } }, { value: 1, variant: "a", reason: "TARGETING_MATCH", metadata: {} }],
    [
      { targeting: { variant: "a", reason: "", details: "" } },
      { value: 1, variant: "a", reason: "TARGETING_MATCH", metadata: {} },
    ],
    [
      { targeting: { variant: "a", reason: 1, details: 1, metadata: 1 } },
      { value: 1, variant: "a", reason: "TARGETING_MATCH", metadata: {} },
    ],
    [
      {
        targeting: {
          variant: "a",
          reason: "R",
          details: "d",
          metadata: { x: 1, no: null, nor: [], yes: "y" },
        },
        metadata: { x: 0, z: true },
      },
      { value: 1, variant: "a", reason: "R", metadata: { details: "d", x: 1, z: true, yes: "y" } },
    ],
    [
      { state: "DISABLED", defaultVariant: "a" },
      { reason: "DISABLED", metadata: {} },
    ],
    [{ metadata: {} }, { value: 2, variant: "b", reason: "STATIC", metadata: {} }],
  ])("%j", (parts, expected) => {
    const evaluation = evaluateFlag(flagOf({ variants, defaultVariant: "b", ...parts }));
    expect(evaluation).toStrictEqual(expected);
    expect(evaluation).toSatisfy(Object.isFrozen);
  });

  it("the set's metadata may change while the flag stays", () => {
    const before = rulesetOf({ flags: { flag: flagOf() }, metadata: { version: "1" } });
    const { ruleset } = updateRuleset(before, { flags: {}, metadata: { version: "2" } });
    expect(evaluate(before, "flag", {}, 0).metadata).toStrictEqual({ version: "1" });
    expect(evaluate(ruleset, "flag", {}, 0).metadata).toStrictEqual({ version: "2" });
    expect(evaluate(before, "flag", {}, 0).metadata).toStrictEqual({ version: "1" });
  });
});
