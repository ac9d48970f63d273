import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { compiled, compiledFast, interpreted } from "./general-forms.test-support.ts";

const key = { var: "k" };
const half = [
  ["a", 50],
  ["b", 50],
] as const;
const subjects = Array.from({ length: 40 }, (_, i) => `subject-${i}`);
const MAX = 2 ** 31 - 1;

describe("a compiled `fractional`", () => {
  it.each<[string, JsonValue]>([
    ["by the targeting key", { fractional: half }],
    ["by a text of its own", { fractional: [key, ...half] }],
    ["by a text that is made", { fractional: [{ cat: ["salt-", key] }, ...half] }],
    ["without weights", { fractional: [["a"], ["b"], ["c"]] }],
    [
      "of many",
      {
        fractional: [
          ["a", 5],
          ["b", 0],
          ["c", 60],
          ["d", 1],
          ["e", 34],
        ],
      },
    ],
    ["of one", { fractional: [["a", 1]] }],
    ["of the greatest weight", { fractional: [["a", MAX]] }],
    [
      "of the greatest sum",
      {
        fractional: [
          ["a", MAX - 1],
          ["b", 1],
        ],
      },
    ],
    [
      "beyond the greatest sum",
      {
        fractional: [
          ["a", MAX],
          ["b", 1],
        ],
      },
    ],
    ["of nothing", { fractional: [["a", 0]] }],
    [
      "of numbers and null",
      {
        fractional: [
          [1, 30],
          [null, 30],
          [true, 40],
        ],
      },
    ],
    ["of what are no buckets", { fractional: [["a", 50], "b"] }],
    ["of a bucket without a name", { fractional: [["a", 50], []] }],
    [
      "of an object",
      {
        fractional: [
          ["a", 50],
          [{}, 50],
        ],
      },
    ],
    [
      "of a bad weight",
      {
        fractional: [
          ["a", 50],
          ["b", 0.5],
        ],
      },
    ],
    [
      "of a weight that is a text",
      {
        fractional: [
          ["a", 50],
          ["b", "50"],
        ],
      },
    ],
    [
      "of a negative weight",
      {
        fractional: [
          ["a", 50],
          ["b", -50],
        ],
      },
    ],
    ["by a text, of no bucket", { fractional: [key] }],
    ["by a text, of a bad bucket", { fractional: [key, "a"] }],
  ])("%s needs no general form", (_title, rule) => {
    const contexts: readonly EvaluationContext[] = [
      ...subjects.map((subject) => ({ targetingKey: subject, k: `${subject}é`.slice(subject.length % 2) })),
      ...[undefined, null, "", 7, true, {}, { a: 1 }].flatMap((k) => [
        { k },
        { targetingKey: "subject", k },
        { targetingKey: k, k: "subject" },
        { targetingKey: k },
      ]),
    ];
    const outcomes = (evaluate: typeof interpreted): unknown =>
      contexts.map((context) => evaluate(rule, context));
    expect(outcomes(compiledFast)).toStrictEqual(outcomes(interpreted));
  });

  it("takes a list that the context gives for a bucket, as the general form does", () => {
    const rule = { fractional: [key, ["b", 50]] };
    for (const k of [["a", 50], ["a"], [], ["a", "x"], [["a"]], ["a", 0]]) {
      for (const targetingKey of [...subjects, "", undefined, 1]) {
        const context = { targetingKey, k };
        expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
      }
    }
  });

  it("takes a first bucket that is made for what it turns out to be", () => {
    const rule = {
      fractional: [
        ["a", { var: "weight" }],
        ["b", 50],
      ],
    };
    for (const weight of [70, 0, 0.5, "70", null, undefined]) {
      for (const targetingKey of [...subjects, ""]) {
        const context = { targetingKey, weight };
        expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
      }
    }
  });

  it("decides everything there is to decide", () => {
    const variants = subjects.map(
      (targetingKey) => compiledFast({ fractional: half }, { targetingKey }).answer,
    );
    expect(new Set(variants)).toStrictEqual(new Set(["a", "b"]));
  });

  it("charges for the characters that it hashes", () => {
    expect(compiledFast({ fractional: half }, { targetingKey: "12345" }).work).toBe(8 * (4 + 5));
    expect(compiledFast({ fractional: [key, ...half] }, { k: "12345" }).work).toBe(8 * 5);
  });

  it.each<[JsonValue]>([
    [{ fractional: [] }],
    [{ fractional: ["key", ["a", 50], ["b", 50]] }],
    [{ fractional: [null, ["a", 50], ["b", 50]] }],
    [{ fractional: [7, ["a", 50]] }],
    [
      {
        fractional: [
          ["a", 50],
          ["b", { var: "weight" }],
        ],
      },
    ],
    [
      {
        fractional: [
          ["a", 50],
          [{ var: "k" }, 50],
        ],
      },
    ],
    [{ fractional: [key, ["a", { var: "weight" }], ["b", 50]] }],
    [{ fractional: [key, ["a", 50], ["b", { var: "weight" }]] }],
  ])("%j is the general form's", (rule) => {
    for (const targetingKey of subjects.slice(0, 8)) {
      const context = { targetingKey, k: targetingKey, weight: 70 };
      expect(compiled(rule, context)).toStrictEqual(interpreted(rule, context));
      expect(compiledFast(rule, context)).not.toStrictEqual(interpreted(rule, context));
    }
  });
});
