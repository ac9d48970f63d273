import { describe, expect, it } from "vitest";
import { apply } from "../../evaluator.test-support.ts";
import { runOf } from "../run.test-support.ts";
import { resolve } from "./variables.ts";

const isOne = { "==": [{ var: "" }, 1] };

describe("a name that is nothing", () => {
  it.each([null, undefined])("%s: no property of an object, but all there is of anything else", (name) => {
    expect(resolve(name, { a: 1 }, runOf())).toBeNull();
    expect(resolve(name, [1], runOf())).toBeNull();
    expect(resolve(name, "x", runOf())).toBe("x");
  });
});

describe("loops", () => {
  it.each<[string, unknown, unknown, unknown]>([
    ["all: one that fails is enough", { all: [[1, 0], isOne] }, {}, false],
    ["all: every one holds", { all: [[1, 1], isOne] }, {}, true],
    ["all of nothing does not hold", { all: [[], isOne] }, {}, false],
    ["some: one is enough", { some: [[0, 1], isOne] }, {}, true],
    ["some: not one", { some: [[0, 2], isOne] }, {}, false],
    ["some of nothing does not hold", { some: [{ var: "none" }, isOne] }, {}, false],
    ["none: one is enough not to", { none: [[0, 1], isOne] }, {}, false],
    ["none: not one", { none: [[0, 2], isOne] }, {}, true],
    ["filter knows the element itself", { filter: [[0, 1, 2], { var: "" }] }, {}, [1, 2]],
    ["filter keeps what holds", { filter: [[0, 1, 2], isOne] }, {}, [1]],
    ["filter of nothing", { filter: [{ var: "none" }, isOne] }, {}, []],
    [
      "a relative name is the element's, whatever the context knows",
      { filter: [[{ a: 0, b: 0 }], { "==": [{ var: ".a" }, 0] }] },
      { a: 1 },
      [{ a: 0, b: 0 }],
    ],
    [
      "but not where a list holds the name",
      { filter: [[{ a: 0, b: 0 }], { "==": [{ var: [".a"] }, 1] }] },
      { a: 1 },
      [{ a: 0, b: 0 }],
    ],
    ["map without a rule makes nothing", { map: [[1, 2]] }, {}, []],
    ["nor is its list asked for", { map: [{ nope: 1 }] }, {}, []],
    ["filter without a rule keeps nothing", { filter: [[1, 2]] }, {}, []],
    ["nor is its list asked for then", { filter: [{ nope: 1 }] }, {}, []],
    [
      "reduce skips nothings",
      { reduce: [[1, null, 2], { "+": [{ var: "accumulator" }, { var: "current" }] }, 0] },
      {},
      3,
    ],
    ["reduce of nothing is 0, wherever it starts", { reduce: [{ var: "none" }, isOne, 5] }, {}, 0],
    ["reduce without elements is its start", { reduce: [[], isOne, 5] }, {}, 5],
    [
      "reduce tells the type: number",
      { reduce: [[1], { in: ["num", { var: "valueType" }] }, false] },
      {},
      false,
    ],
    ["reduce tells the type: string", { reduce: [[1], { var: "valueType" }, ""] }, {}, "string"],
    [
      "reduce tells the type: bool",
      { reduce: [[1], { "==": [{ var: "valueType" }, "bool"] }, false] },
      {},
      true,
    ],
    ["reduce keeps a boolean one", { reduce: [[1], { var: "current" }, false] }, {}, true],
    ["reduce keeps a number one", { reduce: [["7"], { var: "current" }, 1] }, {}, 7],
    [
      "a list that a loop put into a rule is the list of a loop in it, not rules",
      { filter: [[1], { some: [{ var: "xs" }, { "==": [{ var: "n" }, 1] }] }] },
      { xs: [{ n: 1 }] },
      [1],
    ],
  ])("%s", (_title, rule, data, expected) => {
    expect(apply(rule, data)).toStrictEqual({ ok: true, value: expected });
  });

  it.each<[string, unknown, unknown, string]>([
    [
      "a list from the context is no rule",
      { some: [[1], { var: "l" }] },
      { l: [1] },
      "some needs a rule as its second argument",
    ],
    [
      "nor is an object a list",
      { filter: [[1], { some: [{ var: "o" }, isOne] }] },
      { o: { a: 1 } },
      "an object from the context stands where a rule could",
    ],
    [
      "nor may it stand in the rule of all",
      { all: [[{ o: { k: 1 }, n: 1 }], { "!!": [{ var: "o" }] }] },
      {},
      "an object from the context stands where a rule could",
    ],
    ["nor an operation of another name", { some: [{ value: [1] }, isOne] }, {}, 'unknown operator "value"'],
    [
      "nor a list with an object of one key the arguments",
      { filter: [[1], { or: { var: "l" } }] },
      { l: [0, { a: 1 }] },
      "an object from the context stands where a rule could",
    ],
  ])("%s", (_title, rule, data, message) => {
    expect(apply(rule, data)).toStrictEqual({ ok: false, code: "PARSE_ERROR", message });
  });
});
