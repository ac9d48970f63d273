import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countAffected, diffRulesets, type FlagDifference } from "../change/index.ts";
import { parseRuleset } from "../parse/parse-ruleset.ts";
import { renderRollout, type RolloutStep } from "../rollout/index.ts";
import type { FlagDefinition, JsonValue, Ruleset } from "../types.ts";

const base: FlagDefinition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
const $evaluators = { vip: { "==": [{ var: "plan" }, "vip"] }, staff: { "==": [{ var: "staff" }, true] } };

function rulesetOf(flags: Readonly<Record<string, unknown>>, evaluators: object = $evaluators): Ruleset {
  const parsed = parseRuleset({ flags, $evaluators: evaluators });
  if (!parsed.ok) throw new Error("no ruleset");
  return parsed.ruleset;
}

function differenceOf(before: object, after: object): FlagDifference | undefined {
  const differences = diffRulesets(
    rulesetOf({ f: { ...base, ...before } }),
    rulesetOf({ f: { ...base, ...after } }),
  );
  expect(differences.length).toBeLessThan(2);
  return differences[0];
}

const share = (on: number): JsonValue => ({
  fractional: [
    ["on", on],
    ["off", 100 - on],
  ],
});
const forVip = (rest?: JsonValue): JsonValue => ({
  if: [{ $ref: "vip" }, "on", ...(rest === undefined ? [] : [rest])],
});

describe("the difference between two rulesets", () => {
  test.each<[string, object, object, string, readonly string[], RegExp]>([
    [
      "enabled",
      { state: "DISABLED" },
      {},
      "enabled",
      ["enabled"],
      /^enabled, default off; everyone is affected$/,
    ],
    ["disabled", {}, { state: "DISABLED" }, "disabled", ["disabled"], /code default; everyone is affected$/],
    [
      "default",
      {},
      { defaultVariant: "on" },
      "updated",
      ["default"],
      /^default off → on, for everyone whom no rule decides$/,
    ],
    ["no default", {}, { defaultVariant: null }, "updated", ["default"], /^default off → from code/],
    [
      "targeting",
      { targeting: { if: [{ ">": [{ var: "age" }, 18] }, "on"] } },
      { targeting: { if: [{ ">": [{ var: ["age"] }, 21] }, "on"] } },
      "updated",
      ["targeting"],
      /^rules changed, for users by age$/,
    ],
    ["targeting for all", {}, { targeting: "on" }, "updated", ["targeting"], /^rules changed, for everyone$/],
    [
      "a share",
      { targeting: share(5) },
      { targeting: share(30) },
      "rollout",
      ["rollout"],
      /^rollout on 5 % → 30 % and off 95 % → 70 %, for at least 25 % of the users it decides$/,
    ],
    [
      "a share behind a rule",
      { targeting: forVip(share(5)) },
      { targeting: forVip(share(0)) },
      "rollout",
      ["rollout"],
      /on 5 % → 0 %/,
    ],
    [
      "a share and its key",
      { targeting: share(5) },
      { targeting: { fractional: [{ var: "id" }, ["on", 6], ["off", 94]] } },
      "rollout",
      ["targeting", "rollout"],
      /rules changed/,
    ],
    [
      "a computed weight",
      { targeting: { fractional: [["on", { var: "a" }]] } },
      { targeting: { fractional: [["on", { var: "b" }]] } },
      "updated",
      ["targeting"],
      /by a and b/,
    ],
    [
      "segments",
      { targeting: { if: [{ $ref: "staff" }, "on"] } },
      { targeting: forVip() },
      "updated",
      ["targeting", "segments"],
      /now with rules for the users in vip, no longer with rules for the users in staff/,
    ],
    [
      "variants",
      {},
      { variants: { on: true, off: false, blue: true } },
      "updated",
      ["variants"],
      /^values of blue changed, for everyone who gets them$/,
    ],
    [
      "metadata",
      { metadata: { owner: "ada" } },
      { metadata: { owner: "bob", ticket: "T-1" } },
      "updated",
      ["metadata"],
      /^metadata owner and ticket changed; nobody's answer changes$/,
    ],
    [
      "what nobody reads",
      {},
      { comment: "hello" },
      "updated",
      ["metadata"],
      /only unused properties differ; nobody's answer changes/,
    ],
    [
      "several things of a disabled flag",
      { state: "DISABLED" },
      { state: "DISABLED", defaultVariant: "on" },
      "updated",
      ["default"],
      /nobody is affected while the flag is disabled$/,
    ],
    [
      "several things",
      { metadata: { a: 1 } },
      { defaultVariant: "on", metadata: { a: 2 } },
      "updated",
      ["default", "metadata"],
      /default off → on.*; metadata a changed$/,
    ],
  ])("is told as %s", (_, before, after, action, kinds, summary) => {
    const difference = differenceOf(before, after);
    expect([difference?.action, difference?.kinds]).toEqual([action, kinds]);
    expect(difference?.summary).toMatch(summary);
  });

  test("tells of flags that came, went, broke and work again, in order of the key", () => {
    const before = rulesetOf({ z: base, b: base, r: { state: "?" }, q: { state: "?" } });
    const after = rulesetOf({ a: base, b: { state: "?" }, r: base, q: { state: "!" } });
    const told = diffRulesets(before, after).map(({ flagKey, action, kinds, summary }) => [
      flagKey,
      action,
      ...kinds,
      summary,
    ]);
    expect(told).toEqual([
      [
        "a",
        "created",
        "created",
        "new flag, enabled, default off; whoever asks for it gets it instead of the code default",
      ],
      [
        "b",
        "updated",
        "broken",
        'broken: state must be "ENABLED" or "DISABLED"; everyone gets the code default',
      ],
      [
        "r",
        "updated",
        "repaired",
        "can be evaluated again, enabled, default off; everyone may get another answer",
      ],
      ["z", "deleted", "deleted", "deleted (was enabled, default off); everyone gets the code default"],
    ]);
  });

  test("shows a changed evaluator at every flag that uses it, and at no other", () => {
    const flags = { a: { ...base, targeting: forVip() }, b: base };
    const after = rulesetOf(flags, { ...$evaluators, vip: { "==": [{ var: "plan" }, "gold"] } });
    const [difference, ...others] = diffRulesets(rulesetOf(flags), after);
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ flagKey: "a", kinds: ["targeting", "segments"], segments: ["vip"] });
    expect(difference?.summary).toContain("another rule for who is in vip");
  });

  const step: RolloutStep = {
    rolloutId: "r",
    stage: "s",
    treatment: "on",
    control: "off",
    salt: "r",
    segments: [],
    percent: 0,
  };
  const rendered = (flag: FlagDefinition, overrides: Partial<RolloutStep>): FlagDefinition => {
    const result = renderRollout(flag, { ...step, ...overrides });
    if (!result.ok) throw new Error(result.issues[0]?.message);
    return result.flag;
  };

  test("tells the start, the steps and the end of a rollout as rollout, not as rules, variants or defaults", () => {
    const flag = { ...base, targeting: forVip("off"), metadata: { owner: "ada" } };
    const start = rendered(flag, {});
    const next = rendered(start, { stage: "t", percent: 10 });
    expect(differenceOf(flag, start)).toMatchObject({ action: "rollout", kinds: ["rollout"], segments: [] });
    expect(differenceOf(start, next)?.summary).toMatch(
      /^rollout on 0 % → 10 % and off 100 % → 90 %, for at least 10 %/,
    );
    expect(differenceOf(next, flag)).toMatchObject({ action: "rollout", kinds: ["rollout"] });
    expect(differenceOf(start, rendered(start, { stage: "t" }))?.summary).toBe(
      "rollout r/s → r/t, shares as before",
    );
  });

  test("tells chosen segments of a rollout, and their rule when it changes", () => {
    const next = rendered(base, { segments: ["staff"] });
    expect(differenceOf(rendered(base, {}), next)).toMatchObject({
      kinds: ["segments"],
      segments: ["staff"],
    });
    const before = rulesetOf({ f: next });
    const after = rulesetOf({ f: next }, { ...$evaluators, staff: { "==": [{ var: "staff" }, "yes"] } });
    expect(diffRulesets(before, after)).toMatchObject([{ kinds: ["segments"], segments: ["staff"] }]);
  });

  test("is none between a ruleset and itself, however its keys are ordered", () => {
    const turn = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turn)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([key, inner]) => [key, turn(inner)]),
            )
          : value;
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.constantFrom(base, { ...base, targeting: forVip(share(3)) }, rendered(base, { percent: 3 })),
        ),
        (flags) => {
          expect(
            diffRulesets(rulesetOf(flags), rulesetOf(turn(flags) as object as Record<string, unknown>)),
          ).toEqual([]);
        },
      ),
    );
  });

  test("is found whatever the rulesets hold, and whoever gets another value is counted", () => {
    const json = fc.jsonValue({ maxDepth: 2 });
    const flag = fc.record({
      state: fc.constantFrom("ENABLED", "DISABLED", "?"),
      variants: fc.dictionary(fc.constantFrom("on", "off", "on.fixed", "__proto__"), json),
      defaultVariant: fc.constantFrom("on", "off", null, "", "constructor"),
      targeting: fc.oneof(json, fc.constant(forVip()), fc.constant(share(50))),
      metadata: json,
    });
    const rulesets = fc
      .dictionary(fc.constantFrom("a", "b", "__proto__", "toString"), flag)
      .map((flags) => rulesetOf(flags));
    const contexts = [{ targetingKey: "a" }, { targetingKey: "b", plan: "vip" }, {}];
    fc.assert(
      fc.property(rulesets, rulesets, (before, after) => {
        const differing = diffRulesets(before, after).map(({ flagKey }) => flagKey);
        expect(countAffected(before, after, contexts, 0).map(({ flagKey }) => flagKey)).toEqual(differing);
      }),
      { numRuns: 30 },
    );
    expect(({} as Record<string, unknown>)["state"]).toBeUndefined();
  });
});

describe("counting who is affected", () => {
  const contexts = [{ plan: "vip" }, { plan: "free" }, {}];
  const affected = (before: object, after: object): number | undefined =>
    countAffected(
      rulesetOf({ f: { ...base, ...before } }),
      rulesetOf({ f: { ...base, ...after } }),
      contexts,
      0,
    )[0]?.affected;

  test.each<[string, object, object, number]>([
    ["those in a segment", {}, { targeting: forVip() }, 1],
    ["everyone for a default", {}, { defaultVariant: "on" }, 3],
    ["everyone who falls back to code", {}, { defaultVariant: null }, 3],
    ["nobody for metadata", {}, { metadata: { a: 1 } }, 0],
    [
      "nobody for another variant of the same value",
      {},
      { variants: { on: true, off: false, no: false }, defaultVariant: "no" },
      0,
    ],
    [
      "whoever gets another object",
      { variants: { on: 1, off: { a: 1 } } },
      { variants: { on: 1, off: { a: 2 } } },
      3,
    ],
    [
      "nobody for the same object written otherwise",
      { variants: { on: 1, off: { a: 1, b: 2 } } },
      { variants: { on: 1, off: { b: 2, a: 1 } }, metadata: { x: 1 } },
      0,
    ],
  ])("counts %s", (_, before, after, expected) => {
    expect(affected(before, after)).toBe(expected);
  });

  test("counts everyone for a flag that went", () => {
    expect(countAffected(rulesetOf({ f: base }), rulesetOf({}), contexts, 0)).toEqual([
      { flagKey: "f", affected: 3, total: 3 },
    ]);
  });
});
