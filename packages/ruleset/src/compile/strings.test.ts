import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { compiled, compiledFast, interpreted } from "./general-forms.test-support.ts";

const text = { var: "a" };

describe("a compiled affix", () => {
  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ starts_with: [text, "ab"] }, { a: "abc" }, true],
    [{ starts_with: [text, "bc"] }, { a: "abc" }, false],
    [{ starts_with: [text, ""] }, { a: "" }, true],
    [{ starts_with: [text, "1"] }, { a: 1 }, null],
    [{ starts_with: [text, "a"] }, {}, null],
    [{ starts_with: [text, "a"] }, { a: ["a"] }, null],
    [{ ends_with: [text, "bc"] }, { a: "abc" }, true],
    [{ ends_with: [text, "ab"] }, { a: "abc" }, false],
    [{ ends_with: [text, "1"] }, { a: 1 }, null],
    [{ ends_with: [text, "a"] }, {}, null],
    [{ ends_with: [text, "a"] }, { a: ["a"] }, null],
  ])("%j of %j needs no general form", (rule, context, answer) => {
    expect(interpreted(rule, context).answer).toBe(answer);
    expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ starts_with: [text, { var: "b" }] }, { a: "abc", b: "ab" }, true],
    [{ ends_with: [text, { var: "b" }] }, { a: "abc", b: "bc" }, true],
    [{ ends_with: [text, { var: "b" }] }, { a: "abc", b: "ab" }, false],
    [{ starts_with: [text, { var: "b" }] }, { a: "abc" }, null],
    [{ starts_with: [text, 1] }, { a: "1" }, null],
    [{ starts_with: [text, ["a"]] }, { a: "a" }, null],
    [{ starts_with: ["abc", "ab", "a"] }, {}, null],
    [{ ends_with: ["a"] }, {}, null],
    [{ ends_with: [] }, {}, null],
  ])("%j of %j is the general form's", (rule, context, answer) => {
    expect(interpreted(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(compiled(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(compiledFast(rule, context)).not.toStrictEqual({ answer, work: 0 });
  });
});
