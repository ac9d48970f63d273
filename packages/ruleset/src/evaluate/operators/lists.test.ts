import { describe, expect, it } from "vitest";
import { apply } from "../../evaluator.test-support.ts";
import { rejectRules } from "../quoted.ts";
import { thrownBy } from "../run.test-support.ts";

const INCOMPARABLE = "lists and objects cannot be compared";

describe("in", () => {
  it.each<[string, unknown, unknown]>([
    ["a text is in a text that has it", { in: ["ell", "hello"] }, true],
    ["or is not", { in: ["Ell", "hello"] }, false],
    ["the empty text is in every one", { in: ["", ""] }, true],
    ["nothing is in what is neither text nor list", { in: [1, 1] }, false],
    ["a number is not in texts that are other numbers", { in: [1, ["2", "x"]] }, false],
    ["nothing is among nothing", { in: [null, [null]] }, true],
    ["an object is not among texts", { in: [{ a: 1, b: 2 }, ["x", null]] }, false],
    ["a text is not among objects", { in: ["x", [{ a: 1, b: 2 }]] }, false],
    ["a range has its start", { in: [1, [[1, 5]]] }, true],
    ["and its end", { in: [5, [[1, 5]]] }, true],
    ["not what is before", { in: [0.5, [[1, 5]]] }, false],
    ["not what is after", { in: [5.5, [[1, 5]]] }, false],
    [
      "one range of several is enough",
      {
        in: [
          9,
          [
            [1, 5],
            [8, 9],
          ],
        ],
      },
      true,
    ],
  ])("%s", (_title, rule, value) => {
    expect(apply(rule)).toStrictEqual({ ok: true, value });
  });
});

describe("merge and set", () => {
  it.each<[string, unknown, unknown]>([
    ["a bare scalar becomes a list", { merge: 1 }, [1]],
    ["lists in lists stay", { merge: [[1, [2]], null, []] }, [1, [2], null]],
    ["set replaces", { set: [{ a: 1, b: 2 }, "b", 3] }, { a: 1, b: 3 }],
    ["set adds", { set: [{ a: 1, b: 2 }, "c", 3] }, { a: 1, b: 2, c: 3 }],
    ["set without a value changes nothing", { set: [{ a: 1, b: 2 }, "c"] }, { a: 1, b: 2 }],
    ["set on what is no object gives it back", { set: ["x", "c", 3] }, "x"],
    ["nor does a name matter then", { set: [[1], 2, 3] }, [1]],
    ["set of nothing is nothing", { set: [] }, null],
  ])("%s", (_title, rule, value) => {
    expect(apply(rule)).toStrictEqual({ ok: true, value });
  });
});

describe("contains_…", () => {
  it.each<[unknown, boolean, boolean]>([
    [
      [
        ["a", "b"],
        ["b", "a"],
      ],
      true,
      true,
    ],
    [[["a"], ["a", "b"]], false, true],
    [[["a"], ["b"]], false, false],
    [[["a"], []], true, false],
    [[[null], [null]], true, true],
    [[[1], ["1"]], false, false],
    [["a", ["a"]], false, false],
    [[["a"], "a"], false, false],
    [[["a"], ["a"], 1], false, false],
    [[["a"]], false, false],
    ["a", false, false],
    [[["a", { a: 1, b: 2 }], [[1]]], false, false],
    [[["a"], [[1]]], false, false],
  ])("%j: all %s, any %s", (args, all, any) => {
    expect(apply({ contains_all: args })).toStrictEqual({ ok: true, value: all });
    expect(apply({ contains_any: args })).toStrictEqual({ ok: true, value: any });
    expect(apply({ contains_none: args })).toStrictEqual({ ok: true, value: !any });
  });

  it.each<[unknown]>([[[[1, [2]], [[3]]]], [[[1, { a: 1, b: 2 }], [{ a: 1, b: 2 }]]]])(
    "%j: two lists or two objects cannot be compared",
    (args) => {
      for (const name of ["contains_all", "contains_any", "contains_none"])
        expect(apply({ [name]: args })).toStrictEqual({
          ok: false,
          code: "PARSE_ERROR",
          message: INCOMPARABLE,
        });
    },
  );
});

describe("a value of the context where a rule could stand", () => {
  it.each<[unknown]>([
    [1],
    [null],
    [[]],
    [[1]],
    [{}],
    [{ a: 1, b: 2 }],
    [{ variant: "x" }],
    [[[{ a: 1, b: 2 }]]],
  ])("%j passes", (value) => {
    expect(rejectRules(value)).toBe(value);
  });

  it.each<[unknown]>([[{ a: 1 }], [[1, { a: 1 }]], [[[[{ a: 1 }]]]]])("%j does not", (value) => {
    expect(thrownBy(() => rejectRules(value))).toMatchObject({
      code: "PARSE_ERROR",
      message: "an object from the context stands where a rule could",
    });
  });
});
