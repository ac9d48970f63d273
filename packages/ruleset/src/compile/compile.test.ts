import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { compile } from "./compile.ts";
import { compiled, compiledFast, interpreted, runOf } from "./general-forms.test-support.ts";

const long = "x".repeat(257);
const free = "x".repeat(256);

/** How many operations the interpreter was asked for. */
function interpretedSteps(rule: JsonValue, context: EvaluationContext): number {
  let steps = 0;
  compile(rule)(context, { ...runOf(context), trace: () => steps++ });
  return steps;
}

describe("a compiled rule", () => {
  it.each<[JsonValue, EvaluationContext, unknown]>([
    ["text", {}, "text"],
    [0, {}, 0],
    [null, {}, null],
    [false, {}, false],
    [{}, {}, {}],
    [[], {}, []],
    [["a", 1, null], {}, ["a", 1, null]],
    [["a", { var: "a" }, [{ var: "a" }]], { a: "x" }, ["a", "x", ["x"]]],
    [{ a: 1, b: { var: "a" } }, { a: "x" }, { a: 1, b: { var: "a" } }],
    [{ cat: [{ var: "a" }, "-", { var: "b" }] }, { a: "x", b: 7 }, "x-7"],
    [{ cat: ["a"] }, {}, "a"],
    [{ cat: [] }, {}, ""],
    [{ cat: [" a", "b "] }, {}, "ab"],
  ])("%j has its fast path", (rule, context, answer) => {
    expect(interpreted(rule, context).answer).toStrictEqual(answer);
    expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
  });

  it.each<[string, JsonValue, number]>([
    ["is free up to 256 characters", free, 0],
    ["is charged for beyond", long, 514],
    ["is charged for within a list", ["a", long, [long]], 1028],
    ["is charged for as an argument", { cat: [long] }, 771],
    ["is charged for where it is compared", { "==": [{ var: "a" }, long] }, 514],
  ])("a literal text %s", (_title, rule, work) => {
    expect(compiled(rule, {})).toStrictEqual(interpreted(rule, {}));
    expect(compiledFast(rule, {}).work).toBe(work);
    expect(compiled(rule, {}).work).toBe(work);
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ "+": [{ var: "a" }, 1] }, { a: 1 }, 2],
    [{ "+": "7" }, {}, 7],
    [{ min: [{ var: "a" }, { "*": [2, 3] }] }, { a: 7 }, 6],
    [{ merge: [[1], { var: "a" }] }, { a: [2] }, [1, 2]],
    [{ missing: ["a", "b"] }, { a: 1 }, ["b"]],
    [{ substr: [{ var: "a" }, 1] }, { a: "xyz" }, "yz"],
    [{ "!": { var: "a" } }, { a: [0, 1] }, true],
    [{ "==": [1] }, {}, false],
    [{ cat: "a" }, {}, "a"],
    [{ var: { var: "a" } }, { a: "b", b: 1 }, 1],
    [{ var: 1 }, { 1: "x" }, "x"],
    [{ var: null }, {}, null],
  ])("%j calls the operator, not the interpreter", (rule, context, answer) => {
    expect(compiled(rule, context)).toStrictEqual(interpreted(rule, context));
    expect(compiled(rule, context).answer).toStrictEqual(answer);
    expect(interpretedSteps(rule, context)).toBe(0);
    expect(compiledFast(rule, context)).not.toStrictEqual(interpreted(rule, context));
  });

  it.each<[JsonValue, unknown]>([
    [{ map: [[1, 2], { "+": [{ var: "" }, 1] }] }, [2, 3]],
    [{ filter: [[1, 2], { ">": [{ var: "" }, 1] }] }, [2]],
    [{ reduce: [[1, 2], { "+": [{ var: "current" }, { var: "accumulator" }] }, 0] }, 3],
    [{ all: [[1, 2], { ">": [{ var: "" }, 0] }] }, true],
    [{ some: [[1, 2], { ">": [{ var: "" }, 1] }] }, true],
    [{ none: [[1, 2], { ">": [{ var: "" }, 2] }] }, true],
  ])("%j is the interpreter's", (rule, answer) => {
    expect(compiled(rule, {})).toStrictEqual(interpreted(rule, {}));
    expect(compiled(rule, {}).answer).toStrictEqual(answer);
    expect(interpretedSteps(rule, {})).toBeGreaterThan(0);
  });

  it.each<[JsonValue]>([
    [{ if: true }],
    [{ and: { var: "a" } }],
    [{ or: "a" }],
    [{ unknown: [1] }],
    [{ unknown: 1 }],
    [{ toString: [] }],
    [{ "==": 1 }],
    [{ "<": { var: "a" } }],
    [{ in: "a" }],
    [{ starts_with: "a" }],
    [{ fractional: "a" }],
    [{ sem_ver: "a" }],
    [{ var: [["a"]] }],
    [{ "!": [true, { "+": [null, 1] }] }],
    [{ "-": { var: "a" } }],
    [{ cat: null }],
    [{ cat: { var: "a" } }],
  ])("%j fails or answers as the interpreter has it", (rule) => {
    for (const context of [{}, { a: [0] }, { a: "x" }, { a: { k: 1 } }]) {
      expect(compiled(rule, context)).toStrictEqual(interpreted(rule, context));
    }
  });
});
