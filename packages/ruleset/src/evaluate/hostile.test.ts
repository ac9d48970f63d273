import { beforeAll, describe, expect, it } from "vitest";
import { answer, apply, evaluate, flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { parseRuleset } from "../parse/parse-ruleset.ts";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { includesText } from "./operators/includes-text.ts";
import type { Run } from "./run.ts";

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

describe("includesText", () => {
  it("finds what includes finds, also where it takes the linear way", () => {
    const run: Run = { root: {}, flagKey: "flag", nowMs: 0, work: 0, loops: 0 };
    const includes = (text: string, part: string): boolean => includesText(text, part, run);
    const text = `${"a".repeat(3000)}b`;
    expect(includes(text, `${"a".repeat(2000)}b`)).toBe(true);
    expect(includes(text, `${"a".repeat(2000)}c`)).toBe(false);
    expect(includes("abcabcabd", "abcabd")).toBe(true);
    expect(includes(`${"ab".repeat(2000)}c`, `${"ab".repeat(1000)}c`)).toBe(true);
    expect(includes(`${"ab".repeat(2000)}c`, `${"ab".repeat(1000)}a`)).toBe(true);
    expect(includes(`${"ab".repeat(2000)}c`, `${"ab".repeat(1000)}d`)).toBe(false);
  });
});
