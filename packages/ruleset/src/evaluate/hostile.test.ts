import { beforeAll, describe, expect, it } from "vitest";
import { answer, apply, evaluate, flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { bucketOf } from "./bucket.ts";
import { hashText } from "./hash.ts";
import { parseRuleset } from "../parse/parse-ruleset.ts";
import type { EvaluationContext, JsonValue } from "../types.ts";

const names = ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"];

// What cannot be changed need not be looked at afterwards: an attempt throws.
beforeAll(() => {
  Object.freeze(Object.prototype);
});

describe("names from prototypes", () => {
  it.each(names)("the flag key %s is a flag only if it is defined", (name) => {
    expect(evaluate(rulesetOf({ flags: {} }), name, {}, 0)).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
    const document = JSON.parse(`{"flags":{"${name}":${JSON.stringify(flagOf())}}}`) as unknown;
    expect(evaluate(rulesetOf(document), name, {}, 0)).toMatchObject({ variant: "off" });
  });

  it.each(names)("the variant %s exists only if it is defined", (name) => {
    expect(answer(name)).toMatchObject({ errorCode: "GENERAL" });
    const flag = JSON.parse(
      `{"state":"ENABLED","variants":{"${name}":1},"defaultVariant":"${name}"}`,
    ) as JsonValue;
    expect(evaluate(rulesetOf({ flags: { flag } }), "flag", {}, 0)).toMatchObject({
      value: 1,
      variant: name,
    });
    expect(parseRuleset({ flags: { flag: flagOf({ defaultVariant: name }) } })).toMatchObject({
      issues: [{ code: "invalid-default-variant" }],
    });
  });

  it.each(names)("var %s reads own properties only", (name) => {
    for (const path of [name, `a.${name}`, `${name}.name`, `a.b.${name}`]) {
      expect(apply({ var: path }, { a: { b: {} } })).toStrictEqual({ ok: true, value: null });
    }
    const own = JSON.parse(`{"${name}":"mine"}`) as unknown;
    expect(apply({ var: name }, own)).toStrictEqual({ ok: true, value: "mine" });
  });

  it.each(names)("%s is no operator", (name) => {
    const rule = JSON.parse(`{"${name}":[1]}`) as unknown;
    expect(apply(rule)).toMatchObject({ ok: false, code: "PARSE_ERROR" });
  });

  it.each(names)("the evaluator and metadata name %s does no harm", (name) => {
    const text = `{"$evaluators":{"${name}":true},"metadata":{"${name}":"m"},"flags":{"f":{"state":"ENABLED","variants":{"a":1},"metadata":{"${name}":1},"targeting":{"if":[{"$ref":"${name}"},"a",{"${name}":{"$ref":"${name}"}}]}}}}`;
    const evaluation = evaluate(rulesetOf(JSON.parse(text)), "f", {}, 0);
    expect(evaluation.variant).toBe("a");
    expect(Object.entries(evaluation.metadata)).toStrictEqual([[name, 1]]);
  });

  it("an inherited attribute is none", () => {
    const context = Object.create({ email: "a@example.com" }) as EvaluationContext;
    expect(apply({ var: "email" }, context)).toMatchObject({ value: null });
    class Subject {
      get email(): string {
        return "x";
      }
    }
    expect(apply({ var: "email" }, new Subject())).toMatchObject({ value: null });
  });
});

describe("rulesets made to hurt", () => {
  it("a chain of doubling references is refused, not expanded", () => {
    const $evaluators: Record<string, JsonValue> = { e0: { "==": [1, 1] } };
    for (let i = 1; i < 60; i++)
      $evaluators[`e${i}`] = { and: [{ $ref: `e${i - 1}` }, { $ref: `e${i - 1}` }] };
    const ruleset = rulesetOf({
      $evaluators,
      flags: { flag: flagOf({ targeting: { if: [{ $ref: "e59" }, "on"] } }), other: flagOf() },
    });
    expect(evaluate(ruleset, "flag", {}, 0)).toMatchObject({ reason: "ERROR" });
    expect(evaluate(ruleset, "other", {}, 0)).toMatchObject({ variant: "off" });
  });

  it("references in a circle are refused", () => {
    const $evaluators = { a: { "!": [{ $ref: "b" }] }, b: { "!": [{ $ref: "a" }] } };
    const result = parseRuleset({
      $evaluators,
      flags: { flag: flagOf({ targeting: { if: [{ $ref: "a" }, "on"] } }) },
    });
    expect(result.issues.map(({ code }) => code)).toContain("cyclic-reference");
    expect(answer({ if: [{ $ref: "a" }, "on"] })).toMatchObject({ errorCode: "PARSE_ERROR" });
  });

  it("a rule a million levels deep is quarantined", () => {
    let targeting: JsonValue = 1;
    for (let i = 0; i < 1_000_000; i++) targeting = { "!": targeting };
    const result = parseRuleset({ flags: { deep: flagOf({ targeting }), other: flagOf() } });
    if (!result.ok) throw new Error("refused");
    expect(evaluate(result.ruleset, "deep", {}, 0)).toMatchObject({ errorCode: "PARSE_ERROR" });
    expect(evaluate(result.ruleset, "other", {}, 0)).toMatchObject({ variant: "off" });
  });

  it("a rule with a million elements is quarantined", () => {
    const targeting = { in: [{ var: "x" }, Array.from({ length: 1_000_000 }, (_, i) => i)] };
    expect(parseRuleset({ flags: { flag: flagOf({ targeting }) } }).issues).toMatchObject([
      { code: "budget-exceeded", flagKey: "flag" },
    ]);
  });

  const double = { merge: [{ var: "" }, { var: "" }] };
  it.each<[string, unknown]>([
    ["maps within maps", nest("map", 6)],
    ["filters within filters", nest("filter", 6)],
    [
      "reduce that doubles a text",
      {
        reduce: [
          Array.from({ length: 60 }, () => 1),
          { cat: [{ var: "accumulator" }, { var: "accumulator" }] },
          "xy",
        ],
      },
    ],
    [
      "merge of maps that double",
      [1, 2, 3, 4, 5, 6, 7, 8].reduce<unknown>(
        (inner) => ({ map: [{ merge: [inner, inner] }, double] }),
        Array.from({ length: 100 }, (_, i) => i),
      ),
    ],
  ])("%s stop at the budget", (_title, rule) => {
    const result = apply({ if: [rule, "on"] }, { xs: Array.from({ length: 40 }, (_, i) => i + 1) });
    expect(result.ok ? String(result.value).length : result.code).toSatisfy(
      (code) => code === "GENERAL" || code === 2,
    );
  });
});

function nest(operator: string, depth: number): unknown {
  let rule: unknown = { "==": [1, 1] };
  for (let i = 0; i < depth; i++)
    rule = { [operator]: [{ merge: [Array.from({ length: 40 }, (_, n) => n + 1)] }, rule] };
  return rule;
}

describe("contexts made to hurt", () => {
  const cyclic: Record<string, unknown> = { name: "x" };
  cyclic["self"] = cyclic;
  const throwing = Object.defineProperty({ ok: "yes" }, "bad", {
    enumerable: true,
    get() {
      throw new Error("no");
    },
  });

  it("one that contains itself can be asked for what is flat, and by path", () => {
    expect(apply({ var: "name" }, cyclic)).toMatchObject({ value: "x" });
    expect(apply({ var: "self.self.self.name" }, cyclic)).toMatchObject({ value: "x" });
    expect(apply({ var: "self" }, cyclic)).toMatchObject({ ok: false, code: "INVALID_CONTEXT" });
    expect(apply({ var: "" }, cyclic)).toMatchObject({ ok: false, code: "INVALID_CONTEXT" });
  });

  it("a getter that throws is an error of the flag that reads it only", () => {
    expect(answer({ if: [{ var: "bad" }, "on"] }, throwing)).toMatchObject({ errorCode: "INVALID_CONTEXT" });
    expect(answer({ if: [{ var: "ok" }, "on"] }, throwing)).toMatchObject({ variant: "on" });
  });

  it("a getter that evaluates does not disturb the evaluation that reads it", () => {
    const context = Object.defineProperty({ targetingKey: "outer" }, "inner", {
      enumerable: true,
      get: () =>
        answer({ if: [{ "==": [{ var: "targetingKey" }, "within"] }, "on"] }, { targetingKey: "within" })
          .variant,
    });
    const rule = {
      if: [{ and: [{ "==": [{ var: "inner" }, "on"] }, { "==": [{ var: "targetingKey" }, "outer"] }] }, "on"],
    };
    expect(answer(rule, context)).toMatchObject({ variant: "on" });
  });

  it.each<[string, unknown, unknown]>([
    ["NaN", Number.NaN, null],
    ["infinity", Infinity, null],
    ["undefined", undefined, null],
    ["a function", () => 1, null],
    ["a symbol", Symbol("x"), null],
    ["a bigint", 10n, null],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["an invalid date", new Date(Number.NaN), null],
    ["a map", new Map([["a", 1]]), {}],
    [
      "an object with parts that JSON drops",
      { a: undefined, b: () => 1, c: Number.NaN, d: new Date(0) },
      { c: null, d: "1970-01-01T00:00:00.000Z" },
    ],
    ["a list with such parts", [undefined, Number.NaN, { a: 1n }], [null, null, { a: null }]],
  ])("%s becomes what JSON makes of it", (_title, x, expected) => {
    expect(apply({ var: "x" }, { x })).toStrictEqual({ ok: true, value: expected });
  });

  it("a huge text or list stops at the budget", () => {
    expect(apply({ "==": [{ var: "x" }, "y"] }, { x: "y".repeat(2_000_000) })).toMatchObject({
      ok: false,
      code: "GENERAL",
    });
    expect(
      apply({ in: ["y", { var: "x" }] }, { x: Array.from({ length: 100_000 }, () => "z") }),
    ).toMatchObject({ ok: false, code: "GENERAL" });
  });

  it("lone surrogates are hashed, compared and cut like any text", () => {
    const context = { targetingKey: "a\ud800", x: "\udc00\ud800" };
    expect(apply({ fractional: [["a", 1]] }, context)).toMatchObject({ value: "a" });
    expect(apply({ substr: [{ var: "x" }, 1] }, context)).toMatchObject({ value: "\ud800" });
    expect(apply({ "<": [{ var: "x" }, "z"] }, context)).toMatchObject({ ok: true });
  });
});

describe("work is paid for", () => {
  const many = (rule: unknown, count: number): unknown => ({ or: Array.from({ length: count }, () => rule) });
  const times = <T>(count: number, make: (i: number) => T): readonly T[] =>
    Array.from({ length: count }, (_, i) => make(i));
  const wide = (keys: number): unknown => Object.fromEntries(times(keys, (i) => [`k${i}`, i]));
  const long = "a".repeat(50_000);
  const digits = `${"1_".repeat(30_000)}x`;
  const shared = times(60, (i) => i).reduce<unknown>((inner) => ({ a: inner, b: inner }), {});
  const endless: unknown = new Proxy(
    {},
    {
      ownKeys: () => ["a", "b"],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
      get: (_target, key) => (key === "toJSON" ? undefined : endless),
    },
  );
  const laden = Object.defineProperties(
    {},
    Object.fromEntries(times(1000, (i) => [`g${i}`, { enumerable: true, get: () => "v" }])),
  );

  it.each<[string, unknown, Record<string, unknown>]>([
    ["long texts of the rule, compared", many({ "<": [`${long}b`, `${long}a`] }, 20), {}],
    [
      "long texts of the context, compared",
      many({ "<": [{ var: "a" }, { var: "b" }] }, 20),
      { a: long, b: long },
    ],
    ["a text within a loop, compared", { some: [times(100, (i) => i), { "<": [{ var: "" }, long] }] }, {}],
    [
      "an accumulator, compared",
      {
        reduce: [
          times(900, (i) => i),
          { if: [{ "<": [{ var: "accumulator" }, "b"] }, { var: "accumulator" }] },
          long,
        ],
      },
      {},
    ],
    [
      "a long needle",
      { in: [{ var: "part" }, { var: "text" }] },
      { text: long, part: `b${long.slice(0, 300)}` },
    ],
    ["many searches of one text", many({ in: ["b", { var: "text" }] }, 20), { text: long }],
    [
      "a list within a loop, searched",
      { filter: [times(2000, (i) => i), { in: [{ var: "l" }, times(300, (i) => -i)] }] },
      {},
    ],
    ["text that is nearly a number", many({ "<": [{ var: "n" }, 1] }, 20), { n: digits }],
    [
      "text that is nearly a version",
      many({ sem_ver: [{ var: "v" }, ">", "1.2.3"] }, 20),
      { v: `1.2.3-${"a.".repeat(20_000)}!` },
    ],
    ["a path of 100,000 steps", { var: "a.".repeat(100_000) }, {}],
    ["a path from the context", many({ var: [{ var: "p" }, false] }, 20), { p: "a.".repeat(20_000) }],
    ["many paths of many steps", many({ var: "a.".repeat(120) }, 2000), {}],
    [
      "missing names from the context",
      many({ if: [{ missing: [{ var: "p" }] }, false] }, 20),
      { p: "a.".repeat(20_000) },
    ],
    ["an object of 50,000 properties", { "==": [{ var: "o" }, 1] }, { o: wide(50_000) }],
    ["the same small object again and again", many({ "!": [{ var: "o" }] }, 1000), { o: wide(50) }],
    [
      "the whole context again and again",
      many({ "!": [{ var: "" }] }, 1000),
      wide(50) as Record<string, unknown>,
    ],
    ["getters without end", many({ "!": [{ var: "o" }] }, 100), { o: laden }],
    ["a shared tree that doubles", { "==": [{ var: "o" }, 1] }, { o: shared }],
    ["a proxy without a floor", { "==": [{ var: "o" }, 1] }, { o: endless }],
    ["a list of 2³² − 1 holes", { "!!": [{ var: "l" }] }, { l: Object.assign([], { length: 2 ** 32 - 1 }) }],
    ["24,000 dates", { "!!": [{ var: "l" }] }, { l: times(24_000, () => new Date(0)) }],
    [
      "lone surrogates, hashed",
      many({ fractional: [{ var: "k" }, [false, 1]] }, 2000),
      { k: "\ud800".repeat(60) },
    ],
    [
      "a set of sets",
      times(18, (i) => i).reduce<unknown>((o) => ({ set: [o, "a", 1] }), { var: "o" }),
      { o: wide(5000) },
    ],
    [
      "a filter that puts lists into its rule",
      { filter: [times(900, (i) => i), { "!": [times(900, (i) => i)] }] },
      {},
    ],
  ])("%s: an evaluation ends with an error", (_title, rule, context) => {
    expect(answer({ if: [rule, "on", "off"] }, context)).toMatchObject({
      reason: "ERROR",
      errorCode: expect.stringMatching(/^(GENERAL|INVALID_CONTEXT)$/) as unknown,
    });
  });

  it.each<[string, unknown, Record<string, unknown>, unknown]>([
    [
      "5,000 shares",
      { fractional: times(4900, (i) => [`v${i}`, 1]) },
      { targetingKey: "u" },
      `v${bucketOf(hashText("flagu"), 4900)}`,
    ],
    ["numbers beyond 64 bits in substr", { substr: ["abc", -1e308, 1e308] }, {}, "abc"],
    ["NaN in substr", { substr: ["abc", { "/": [0, 0] }] }, {}, "abc"],
    [
      "the greatest number as text",
      { "==": [{ cat: [{ var: "n" }] }, `17976931348623157${"0".repeat(292)}`] },
      { n: Number.MAX_VALUE },
      true,
    ],
    [
      "a version of 250 digits",
      { sem_ver: [{ var: "v" }, ">", "1.0.0"] },
      { v: `${"9".repeat(250)}.0.0` },
      true,
    ],
    [
      "sixty negations",
      times(60, (i) => i).reduce<unknown>((rule) => ({ "!": [rule] }), { var: "x" }),
      { x: 1 },
      true,
    ],
    ["one of a million properties, by name", { "==": [{ var: "o.k5" }, 5] }, { o: wide(1_000_000) }, true],
    ["an inherited text", { var: "toString" }, {}, null],
    ["a name longer than what is free", { var: "n".repeat(100) }, { ["n".repeat(100)]: 1 }, 1],
    [
      "a needle at the end of a repetitive text",
      { in: [{ var: "p" }, { var: "t" }] },
      { t: `${"a".repeat(3000)}b`, p: `${"a".repeat(300)}b` },
      true,
    ],
    [
      "a text in a list of long ones",
      { in: ["b".repeat(300), ["a".repeat(300), "b".repeat(300)]] },
      {},
      true,
    ],
  ])("%s: is answered", (_title, rule, context, expected) => {
    expect(apply(rule, context)).toStrictEqual({ ok: true, value: expected });
  });

  it("an operator that logs does not exist", () => {
    expect(apply({ log: ["x"] })).toMatchObject({ ok: false, code: "PARSE_ERROR" });
  });
});
