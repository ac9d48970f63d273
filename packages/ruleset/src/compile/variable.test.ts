import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { compiled, compiledFast, interpreted, withoutGeneralForms } from "./general-forms.test-support.ts";

/** How often evaluating a rule asks whether a property is the context's own; a short text's reader does not ask. */
function ownershipChecks(rule: JsonValue, context: EvaluationContext): number {
  let checks = 0;
  const watched = new Proxy(context, {
    getOwnPropertyDescriptor: (target, key) => {
      checks++;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  withoutGeneralForms(() => compiled(rule, watched));
  return checks;
}

const of64 = "x".repeat(64);
const of65 = "x".repeat(65);

describe("a compiled `var`", () => {
  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ var: "a" }, { a: "x" }, "x"],
    [{ var: ["a"] }, { a: "x" }, "x"],
    [{ var: "long name" }, { "long name": "x" }, "x"],
    [{ var: ".a" }, { a: "x" }, "x"],
    [{ var: "a." }, { a: "x" }, "x"],
    [{ var: ["a", "d"] }, { a: "x" }, "x"],
    [{ var: [of64] }, { [of64]: "x" }, "x"],
  ])("%j asks for one attribute", (rule, context, answer) => {
    expect(compiledFast(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(interpreted(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(ownershipChecks(rule, context)).toBe(0);
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ var: "a" }, {}, null],
    [{ var: ["a", "d"] }, {}, "d"],
    [{ var: ["a", "d"] }, { a: null }, "d"],
    [{ var: ["a", false] }, {}, false],
    [{ var: ["a", null] }, {}, null],
    [{ var: ["a", ["d", 1]] }, {}, ["d", 1]],
    [{ var: ["a", "d"] }, { a: false }, false],
    [{ var: "a.b" }, { a: { b: 1 } }, 1],
    [{ var: "a..b" }, { a: { b: 1 } }, 1],
    [{ var: ["a.b", "d"] }, { a: 1 }, "d"],
    [{ var: "a.1" }, { a: [7, 8] }, 8],
    [{ var: "$flagd.flagKey" }, {}, "flag"],
    [{ var: "$flagd.flagKey" }, { $flagd: { flagKey: "other" } }, "flag"],
    [{ var: "$flagd.timestamp" }, {}, 1_700_000_000],
    [{ var: ["$flagd.timestamp", 1] }, {}, 1_700_000_000],
  ])("%j needs no general form", (rule, context, answer) => {
    expect(interpreted(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(compiledFast(rule, context)).toStrictEqual({ answer, work: 0 });
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ var: "" }, { a: 1 }, { a: 1, $flagd: { flagKey: "flag", timestamp: 1_700_000_000 } }],
    [{ var: "." }, { a: 1 }, { a: 1, $flagd: { flagKey: "flag", timestamp: 1_700_000_000 } }],
    [{ var: [] }, {}, { $flagd: { flagKey: "flag", timestamp: 1_700_000_000 } }],
    [{ var: "$flagd" }, {}, { flagKey: "flag", timestamp: 1_700_000_000 }],
    [{ var: "$flagd.other" }, { $flagd: { other: 1 } }, null],
    [{ var: ["$flagd.other", "d"] }, {}, "d"],
    [{ var: "$flagd.flagKey.x" }, {}, null],
    [{ var: "$flagd.timestamp.x" }, {}, null],
    [{ var: ["a", { var: "b" }] }, { b: "x" }, "x"],
    [{ var: [{ var: "b" }] }, { a: 1, b: "a" }, 1],
    [{ var: [1] }, { 1: "x" }, undefined],
    [{ var: ["a", "d", 1] }, {}, null],
    [{ var: of65 }, { [of65]: 1 }, 1],
  ])("%j is the general form's", (rule, context, answer) => {
    expect(compiled(rule, context)).toStrictEqual(interpreted(rule, context));
    expect(compiled(rule, context).answer).toStrictEqual(answer);
    expect(compiledFast(rule, context)).not.toStrictEqual(interpreted(rule, context));
  });

  it("charges for a path of more than 64 characters", () => {
    expect(compiled({ var: of65 }, {}).work).toBe(130);
    expect(compiled({ var: of64 }, {}).work).toBe(0);
  });
});
