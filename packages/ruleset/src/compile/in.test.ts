import { describe, expect, it } from "vitest";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { closure, constant } from "./closure.ts";
import { compiled, compiledFast, interpreted, runOf } from "./general-forms.test-support.ts";
import { compileIn } from "./in.ts";

const found = { var: "a" };

describe("a compiled `in`", () => {
  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ in: [found, ["x", "y"]] }, { a: "x" }, true],
    [{ in: [found, ["x", "y"]] }, { a: "z" }, false],
    [{ in: [found, ["x", "y"]] }, {}, false],
    [{ in: [found, ["x", null]] }, {}, true],
    [{ in: [found, ["1", "y"]] }, { a: 1 }, true],
    [{ in: [found, [1, 2]] }, { a: "1" }, false],
    [{ in: [found, [1, 2]] }, { a: 2 }, true],
    [{ in: [found, [0]] }, { a: -0 }, true],
    [{ in: [found, [true, "x"]] }, { a: true }, true],
    [{ in: [found, []] }, { a: "x" }, false],
    [{ in: [found, [[1, 5]]] }, { a: 3 }, true],
    [{ in: [found, ["x", [1, 5]]] }, { a: "3" }, true],
    [{ in: [found, [[1, 5], "x"]] }, { a: "x" }, true],
    [{ in: [found, "xyz"] }, { a: "y" }, true],
    [{ in: ["y", found] }, { a: "xyz" }, true],
    [{ in: ["y", found] }, { a: ["y"] }, true],
    [{ in: ["y", found] }, {}, false],
    [{ in: [found, 7] }, { a: 7 }, false],
    [{ in: [found, {}] }, { a: 7 }, false],
    [{ in: [found, ["x", { var: "b" }]] }, { a: "z", b: "z" }, true],
  ])("%j needs no general form", (rule, context, answer) => {
    expect(interpreted(rule, context).answer).toBe(answer);
    expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
  });

  it.each<[JsonValue, EvaluationContext]>([
    [{ in: [found, [true, 1]] }, { a: 1 }],
    [{ in: [found, [{ k: 1, l: 2 }]] }, { a: { k: 1 } }],
    [{ in: [found, "xyz"] }, { a: 1 }],
    [{ in: [found, [[1]]] }, { a: 1 }],
    [{ in: [found, ["x", [1]]] }, { a: "y" }],
  ])("%j of %j fails as it does in general", (rule, context) => {
    expect(interpreted(rule, context)).toHaveProperty("failure");
    expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
  });

  it.each<[JsonValue]>([[{ in: [] }], [{ in: ["x"] }], [{ in: ["x", ["x"], { "+": [null, 1] }] }]])(
    "%j with another number of arguments is the general form's",
    (rule) => {
      expect(compiled(rule, {})).toStrictEqual(interpreted(rule, {}));
      expect(compiledFast(rule, {})).not.toStrictEqual(interpreted(rule, {}));
    },
  );

  it.each<[string, unknown, readonly unknown[], number]>([
    ["a text that is there is not searched for", "x", ["w", "x"], 0],
    ["a text that is not there is not searched for", "z", ["w", "x"], 0],
    ["nor among other values", "z", ["w", 1, null], 0],
    ["a number is", 1, ["w", "1"], 2],
    ["so is a number among itself", 1, ["w", 1], 2],
    ["a text among ranges is", "z", ["z", [1, 2], 3], 3],
  ])("%s", (_title, value, list, searched) => {
    const look = compileIn([closure(() => value), constant(list)]);
    // Within a loop, a search is charged for by the length of the list.
    const run = { ...runOf(), loops: 1 };
    look?.({}, run);
    expect(run.work).toBe(searched);
  });
});
