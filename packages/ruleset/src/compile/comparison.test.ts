import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { closure, type Code, constant } from "./closure.ts";
import { compileEquality } from "./comparison.ts";
import { compiled, compiledFast, interpreted, runOf } from "./general-forms.test-support.ts";

const fails = { "+": [null, 1] };

describe("a compiled comparison", () => {
  it.each<[string, readonly [boolean, boolean, boolean]]>([
    ["==", [false, true, false]],
    ["!=", [true, false, true]],
    ["===", [false, true, false]],
    ["!==", [true, false, true]],
    ["<", [true, false, false]],
    ["<=", [true, true, false]],
    [">", [false, false, true]],
    [">=", [false, true, true]],
  ])("%s needs no general form", (name, answers) => {
    const operands = [
      [1, 2, 3],
      ["a", "b", "c"],
    ];
    for (const [less = 0, same = 0, greater = 0] of operands) {
      for (const [i, value] of [less, same, greater].entries()) {
        const context = { a: value, b: same };
        for (const other of [same, { var: "b" }]) {
          const outcome = compiledFast({ [name]: [{ var: "a" }, other] }, context);
          expect(outcome).toStrictEqual({ answer: answers[i], work: 0 });
        }
      }
    }
  });

  it.each(["==", "!=", "===", "!==", "<", "<=", ">", ">="])("%s agrees on values of every type", (name) => {
    const values: readonly JsonValue[] = [
      null,
      true,
      false,
      0,
      1,
      -1,
      "",
      "0",
      "1",
      "a",
      " 1",
      [],
      [1],
      ["a"],
      { k: 1, l: 2 },
    ];
    const cases = values.flatMap((a) =>
      values.flatMap((b) => [
        { args: [{ var: "a" }, b], context: { a } },
        { args: [a, { var: "b" }], context: { b } },
        { args: [{ var: "a" }, { var: "b" }], context: { a, b } },
      ]),
    );
    const outcomes = (evaluate: typeof interpreted): unknown =>
      cases.map(({ args, context }) => evaluate({ [name]: args }, context));
    expect(outcomes(compiledFast)).toStrictEqual(outcomes(interpreted));
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ "<": [1, { var: "a" }, 3] }, { a: 2 }, true],
    [{ "<": [1, { var: "a" }, 3] }, { a: 1 }, false],
    [{ "<": [1, { var: "a" }, 3] }, { a: 3 }, false],
    [{ "<=": [1, { var: "a" }, 3] }, { a: 3 }, true],
    [{ ">": [3, { var: "a" }, 1] }, { a: 2 }, true],
    [{ ">": [3, { var: "a" }, 1] }, { a: 1 }, false],
    [{ ">=": [3, { var: "a" }, 1] }, { a: 1 }, true],
    [{ ">=": [3, { var: "a" }, 1] }, { a: 4 }, false],
  ])("%j lies between, and needs no general form", (rule, context, answer) => {
    expect(compiledFast(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(interpreted(rule, context)).toStrictEqual({ answer, work: 0 });
  });

  it.each<[JsonValue]>([
    [{ "<": [1, 3, 2, 0] }],
    [{ "<": [1, 2, 3, fails] }],
    [{ "<": [1] }],
    [{ "<": [] }],
    [{ "==": [1, 1, fails] }],
    [{ "==": [1, 1, 2] }],
    [{ "!=": ["a", "a", "b"] }],
    [{ "==": ["a"] }],
    [{ "==": [] }],
    [{ "!==": [] }],
    [{ "===": [1] }],
  ])("%j with another number of arguments is the general form's", (rule) => {
    expect(compiled(rule, {})).toStrictEqual(interpreted(rule, {}));
    expect(compiledFast(rule, {})).not.toStrictEqual(interpreted(rule, {}));
  });

  it.each<[string, Code, unknown, readonly unknown[]]>([
    ["a text with a literal text is not put to the relation", constant("x"), "x", []],
    ["another text with it neither", constant("x"), "y", []],
    ["what is no text is", constant("x"), 1, [[1, "x"]]],
    ["nothing is", constant("x"), null, [[null, "x"]]],
    ["a text with a literal number is", constant(1), "x", [["x", 1]]],
    ["a text with what is no literal is", closure(() => "x"), "x", [["x", "x"]]],
  ])("%s", (_title, right, value, asked) => {
    for (const expected of [true, false]) {
      const questions: unknown[] = [];
      const relation = (...pair: readonly unknown[]): boolean => {
        questions.push(pair);
        return true;
      };
      const compare = compileEquality([closure(() => value), right], relation, expected);
      const isSame = asked.length > 0 || value === "x";
      expect(compare?.({}, runOf())).toBe(isSame === expected);
      expect(questions).toStrictEqual(asked);
    }
  });
});
