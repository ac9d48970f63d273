import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { compiled, compiledFast, interpreted } from "./general-forms.test-support.ts";

const [a, b, c] = [{ var: "a" }, { var: "b" }, { var: "c" }];
const fails = { in: [1, "text"] };
const scalars = [true, false, null, 0, 1, "", "0", [], [0], {}, { k: 1 }, Number.NaN];
const contexts: readonly EvaluationContext[] = [true, false].flatMap((a) =>
  [true, false].flatMap((b) => [true, false, "x", ""].map((c) => ({ a, b, c }))),
);

describe("compiled logic", () => {
  it.each<[string, JsonValue]>([
    ["of one", { if: [a] }],
    ["of none", { if: [] }],
    ["without an else", { if: [a, "x"] }],
    ["with an else", { if: [a, "x", "y"] }],
    ["by its other name", { "?:": [a, "x", "y"] }],
    ["of several conditions", { if: [a, "x", b, "y", c, "z"] }],
    ["of several conditions with an else", { if: [a, "x", b, "y", "z"] }],
    ["of two things at once", { if: [{ and: [a, b] }, "x", { and: [b, c] }, "y", "z"] }],
    ["of one of two things", { if: [{ or: [a, b] }, "x", { or: [b, c] }, "y", "z"] }],
    ["of both", { if: [{ and: [a, b] }, "x", { or: [b, c] }, "y", c, "z"] }],
    ["of three things at once", { if: [{ and: [a, b, c] }, "x", { or: [a, b, c] }, "y", "z"] }],
    ["within each other", { if: [a, { if: [b, "x", "y"] }, { if: [c, "z"] }] }],
    ["that asks for no more than it needs", { if: [a, "x", { "!": [a] }, "y", fails, "z"] }],
    ["that evaluates one clause", { if: [a, c, b, fails, "z"] }],
    ["that yields nothing", { if: [a, null, b, false, 0] }],
    ["that yields lists and objects", { if: [a, ["x", 1], b, { k: 1, l: 2 }, {}] }],
    ["that yields lists and objects at last", { if: [a, [], { k: 1, l: 2 }] }],
  ])("a condition %s needs no general form", (_title, rule) => {
    for (const context of contexts) {
      expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
    }
  });

  it("a condition takes the first clause that holds", () => {
    const rule = { if: [{ and: [a, b] }, "x", { or: [a, b] }, "y", c, "z"] };
    const answers = contexts.map((context) => compiledFast(rule, context).answer);
    expect(answers).toStrictEqual([..."x x x x y y y y y y y y z".split(" "), null, "z", null]);
  });

  it.each<[string, JsonValue]>([
    ["and", { and: [a, b] }],
    ["or", { or: [a, b] }],
    ["and of three", { and: [a, b, c] }],
    ["or of three", { or: [a, b, c] }],
    ["and of one", { and: [c] }],
    ["or of one", { or: [c] }],
    ["and of none", { and: [] }],
    ["or of none", { or: [] }],
    ["and that asks no more than it needs", { and: [a, b, fails] }],
    ["or that asks no more than it needs", { or: [a, b, fails] }],
    ["and of two that asks no more", { and: [a, fails] }],
    ["or of two that asks no more", { or: [a, fails] }],
    ["not", { "!": [a] }],
    ["not not", { "!!": [c] }],
  ])("%s needs no general form", (_title, rule) => {
    for (const context of contexts) {
      expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
    }
  });

  it.each(["and", "or", "!", "!!", "if"])(
    "%s takes every value for true or false as the definition does",
    (name) => {
      const rules: readonly JsonValue[] =
        name === "if"
          ? [{ if: [a, "x", "y"] }, { if: [a, "x", { and: [b, a] }, "z", "y"] }]
          : name.startsWith("!")
            ? [{ [name]: [a] }]
            : [{ [name]: [a, b] }, { [name]: [b, a, "z"] }];
      const cases = rules.flatMap((rule) =>
        scalars.flatMap((a) => [true, false].map((b) => ({ rule, context: { a, b } }))),
      );
      const outcomes = (evaluate: typeof interpreted): unknown =>
        cases.map(({ rule, context }) => evaluate(rule, context));
      expect(outcomes(compiledFast)).toStrictEqual(outcomes(interpreted));
    },
  );

  it("an object from the context that a clause yields is no rule", () => {
    for (const rule of [{ if: [true, a] }, { if: [false, "x", a] }, { if: [false, "x", false, "y", a] }]) {
      expect(compiledFast(rule, { a: { var: "b" } })).toHaveProperty("failure");
      for (const a of [
        { var: "b" },
        { k: 1 },
        { variant: "on" },
        { k: 1, l: 2 },
        [{ k: 1 }],
        {},
        "x",
        1,
        null,
      ]) {
        expect(compiledFast(rule, { a })).toStrictEqual(interpreted(rule, { a }));
      }
    }
  });

  it.each<[JsonValue]>([
    [{ "!": [] }],
    [{ "!!": [] }],
    [{ "!": [a, b] }],
    [{ "!": [true, { "+": [null, 1] }] }],
  ])("%j with another number of arguments is the general form's", (rule) => {
    const context = { a: [0], b: true };
    expect(compiled(rule, context)).toStrictEqual(interpreted(rule, context));
    expect(compiledFast(rule, context)).not.toStrictEqual(interpreted(rule, context));
  });
});
