import { describe, expect, it } from "vitest";
import { apply } from "../evaluator.test-support.ts";

/** Stands for a failure of the engine. */
const FAILS = Symbol("fails");

/** What the rule answers. */
function valueOf(rule: unknown, data: unknown): unknown {
  const result = apply(rule, data);
  if (result.ok) return result.value;
  return result.code === "PARSE_ERROR" ? FAILS : result;
}

describe("where engines differ, Go's answer", () => {
  it.each<[string, unknown, unknown, unknown]>([
    ["null equals only null", { "==": [null, 0] }, {}, false],
    ["nothing equals null", { "==": [{ var: "missing" }, null] }, {}, true],
    ["arithmetic on nothing fails", { "+": [{ var: "missing" }, 1] }, {}, FAILS],
    ["arithmetic on a boolean fails", { "+": [true, 1] }, {}, FAILS],
    ["a text that is no number counts as 0", { "+": ["abc", 1] }, {}, 1],
    ["digits may be grouped", { "+": ["1_000", 1] }, {}, 1001],
    ["division by zero fails", { "/": [1, 0] }, {}, FAILS],
    ["a text is not less than a number", { "<": ["a", 1] }, {}, false],
    ["an empty text counts as 0", { "<=": ["", 0] }, {}, true],
    ["1e400 is no number", { "==": ["1e400", { var: "x" }] }, { x: 1 }, false],
    ["infinity may be written", { ">": ["+Inf", 1] }, {}, true],
    ["texts compare as texts", { "<": ["10", "9"] }, {}, true],
    ["texts sort by code point, not by UTF-16 unit", { "<": ["\uffff", "\u{10000}"] }, {}, true],
    ["a prefix sorts first", { "<": ["ab", "abc"] }, {}, true],
    ["a fourth argument is ignored", { "<": [1, 2, 3, 0] }, {}, true],
    ["three arguments: between", { "<=": [1, { var: "x" }, 3] }, { x: 3 }, true],
    ["a list equals nothing", { "==": [{ var: "x" }, "1"] }, { x: [1] }, false],
    ["in nothing, a text is not; nothing in a text fails", { in: [{ var: "missing" }, "abc"] }, {}, FAILS],
    ["a number is among texts", { in: [1, ["1"]] }, {}, true],
    ["a text is not among numbers", { in: ["1", [1]] }, {}, false],
    ["a list in a list is a range", { in: [{ var: "x" }, [[1, 5]]] }, { x: 3 }, true],
    ["cat trims both ends", { cat: [" a", "b "] }, {}, "ab"],
    ["cat of one does not trim", { cat: [" a "] }, {}, " a "],
    ["cat trims what Go calls space", { cat: ["\u0085a", "\ufeff"] }, {}, "a\ufeff"],
    ["cat leaves nothing out", { cat: ["x", { var: "missing" }] }, {}, "x"],
    ["cat fails on a boolean", { cat: ["x", true] }, {}, FAILS],
    ["cat writes numbers without exponent", { cat: ["x", 1e21] }, {}, "x1000000000000000000000"],
    ["cat writes small numbers without exponent", { cat: ["x", -1.5e-7] }, {}, "x-0.00000015"],
    ["a default stands for null too", { var: ["x", "d"] }, { x: null }, "d"],
    ["a list's name is its first element", { var: "a.length" }, { a: [7] }, 7],
    ["a text has no properties", { var: "a.length" }, { a: "abc" }, null],
    ["empty segments are skipped", { var: ".a..b." }, { a: { b: 1 } }, 1],
    ["if needs a list", { if: true }, {}, FAILS],
    ["an unknown operator that is not reached is none", { if: [true, "a", { unknown: [1] }] }, {}, "a"],
    ["an object with more keys is data", { if: [true, { a: 1, b: 2 }] }, {}, { a: 1, b: 2 }],
    ["an empty object is false", { "!!": [{}] }, {}, false],
    ["an empty list is false", { "!!": [[]] }, {}, false],
    ["the text 0 is true", { "!!": ["0"] }, {}, true],
    ["! looks into a bare list", { "!": { var: "x" } }, { x: [0, 1] }, true],
    ["! of a list in a list does not", { "!": [{ var: "x" }] }, { x: [0, 1] }, false],
    ["substr that starts outside gives all", { substr: ["abc", 5] }, {}, "abc"],
    ["substr counts code points", { substr: ["a😀b", 1, 1] }, {}, "😀"],
    ["substr counts from the end", { substr: ["abcdef", -3, -1] }, {}, "de"],
    ["substr cannot end before it starts", { substr: ["abc", 2, -2] }, {}, FAILS],
    [
      "reduce needs a start value",
      { reduce: [[1, 2], { "+": [{ var: "current" }, { var: "accumulator" }] }] },
      {},
      0,
    ],
    ["reduce keeps the type of its start value", { reduce: [[1, 2], { var: "current" }, ""] }, {}, "2"],
    [
      "a name known outside wins within filter",
      { filter: [{ var: "xs" }, { "==": [{ var: "a" }, 1] }] },
      { a: 1, xs: [{ a: 2 }] },
      [{ a: 2 }],
    ],
    [
      "all asks the element first",
      { all: [{ var: "xs" }, { "==": [{ var: "a" }, 2] }] },
      { a: 1, xs: [{ a: 2, b: 0 }] },
      true,
    ],
    ["some needs a rule", { some: [[1], true] }, {}, FAILS],
    ["none of nothing", { none: [{ var: "xs" }, { "==": [1, 1] }] }, {}, true],
    ["map binds the element", { map: [[1, 2], { "*": [{ var: "" }, 2] }] }, {}, [2, 4]],
    ["merge flattens once", { merge: [1, [2, [3]]] }, {}, [1, 2, [3]]],
    ["missing lists what is not there", { missing: ["a", "b"] }, { a: 1 }, ["b"]],
    ["missing_some is content with enough", { missing_some: [1, ["a", "b"]] }, { a: 1 }, []],
    ["max reads texts as numbers", { max: ["2", 1] }, {}, 2],
    ["min of nothing is null", { min: [] }, {}, null],
    ["minus negates one", { "-": [2] }, {}, -2],
    ["% takes the sign of the first", { "%": [-7, 3] }, {}, -1],
    ["and of nothing is null", { and: [] }, {}, null],
    ["or gives the value, not its truth", { or: [0, "", "x"] }, {}, "x"],
    ["abs", { abs: [-2] }, {}, 2],
    ["set copies", { set: [{ var: "o" }, "b", 2] }, { o: { a: 1 } }, { a: 1, b: 2 }],
    ["contains_all", { contains_all: [["a", "b"], ["b"]] }, {}, true],
    ["contains_any", { contains_any: [["a"], ["b"]] }, {}, false],
    ["contains_none", { contains_none: [["a"], ["b"]] }, {}, true],
  ])("%s", (_title, rule, data, expected) => {
    expect(valueOf(rule, data)).toStrictEqual(expected);
  });
});

describe("where ours differs from Go on purpose", () => {
  it("a context object is data, even if its one key names an operator", () => {
    const context = { value: { var: "secret" }, secret: "x" };
    expect(valueOf({ if: [true, { var: "value" }] }, context)).toStrictEqual(FAILS);
    expect(valueOf({ some: [[1], { "==": [{ var: "value" }, "x"] }] }, context)).toStrictEqual(FAILS);
  });

  it("an object result with only a variant is accepted", () => {
    expect(valueOf({ if: [true, { variant: "on" }] }, {})).toStrictEqual({ variant: "on" });
  });
});

describe("sem_ver", () => {
  it.each([
    ["1.2.3", "=", "1.2.3", true],
    ["v1.2.3", "=", "V1.2.3", true],
    ["vv1.2.3", "=", "1.2.3", null],
    ["1", "=", "1.0.0", true],
    ["1.2", ">=", "1.2.0", true],
    ["1.2-beta", "=", "1.2.0", null],
    ["2.0.0.0", ">", "1.0.0", null],
    ["01.2.3", "=", "1.2.3", null],
    ["1.02.3", "=", "1.2.3", null],
    ["1.2.03", "=", "1.2.3", null],
    [" 1.2.3", "=", "1.2.3", null],
    ["1.2.", "=", "1.2.0", null],
    [".1.2", "=", "1.2.0", null],
    ["", "=", "0.0.0", null],
    ["1.2.3", "!=", "1.2.4", true],
    ["1.2.3", "!=", "1.2.3", false],
    ["1.2.3", "<", "1.10.0", true],
    ["1.2.3", "<", "1.2.3", false],
    ["2.0.0", "<", "1.9.9", false],
    ["1.2.3", "<=", "1.2.3", true],
    ["1.2.4", "<=", "1.2.3", false],
    ["1.2.2", "<=", "1.2.3", true],
    ["1.2.4", ">", "1.2.3", true],
    ["1.2.3", ">", "1.2.3", false],
    ["1.2.2", ">=", "1.2.3", false],
    ["1.9.9", "^", "1.0.0", true],
    ["1.0.0", "^", "1.9.9", true],
    ["2.0.0", "^", "1.9.9", false],
    ["1.2.9", "~", "1.2.0", true],
    ["1.3.0", "~", "1.2.0", false],
    ["2.2.0", "~", "1.2.0", false],
    ["1.0.0-alpha", "<", "1.0.0", true],
    ["1.0.0", ">", "1.0.0-rc.1", true],
    ["1.0.0-alpha.1", ">", "1.0.0-alpha", true],
    ["1.0.0-alpha.2", "<", "1.0.0-alpha.10", true],
    ["1.0.0-alpha.beta", ">", "1.0.0-alpha.1", true],
    ["1.0.0-1", "<", "1.0.0-a", true],
    ["1.0.0-01", "=", "1.0.0-1", null],
    ["1.0.0+build.1", "=", "1.0.0+build.2", true],
    ["99999999999999999999.0.0", ">", "99999999999999999998.0.0", true],
    ["99999999999999999999.0.0", "^", "99999999999999999998.0.0", false],
    ["1.99999999999999999999.0", ">", "1.5.0", true],
    ["1.2.3", "like", "1.2.3", null],
  ])("%s %s %s is %s", (version, operator, limit, expected) => {
    expect(valueOf({ sem_ver: [{ var: "v" }, operator, limit] }, { v: version })).toStrictEqual(expected);
    expect(valueOf({ sem_ver: [version, operator, { var: "v" }] }, { v: limit })).toStrictEqual(expected);
  });

  it("reads numbers as they print, and yields null for anything else", () => {
    expect(valueOf({ sem_ver: [{ var: "v" }, "=", "1.2"] }, { v: 1.2 })).toStrictEqual(true);
    expect(valueOf({ sem_ver: [{ var: "v" }, "=", "1.2"] }, { v: true })).toStrictEqual(null);
    expect(valueOf({ sem_ver: [{ var: "missing" }, "=", "1.2"] }, {})).toStrictEqual(null);
    expect(valueOf({ sem_ver: ["1.2", "="] }, {})).toStrictEqual(null);
    expect(valueOf({ sem_ver: ["1.2", "=", "one"] }, {})).toStrictEqual(null);
  });
});

describe("starts_with and ends_with", () => {
  it.each([
    [{ starts_with: [{ var: "a" }, "ab"] }, "abc", true],
    [{ starts_with: [{ var: "a" }, "AB"] }, "abc", false],
    [{ starts_with: ["abc", { var: "a" }] }, "a", true],
    [{ ends_with: [{ var: "a" }, "bc"] }, "abc", true],
    [{ ends_with: [{ var: "a" }, ""] }, "abc", true],
    [{ ends_with: [{ var: "a" }, "ab"] }, "abc", false],
    [{ ends_with: [{ var: "a" }, "1"] }, 1, null],
    [{ starts_with: [{ var: "a" }, 1] }, "1", null],
    [{ starts_with: [{ var: "a" }] }, "1", null],
    [{ ends_with: { var: "a" } }, "1", null],
  ])("%j of %j is %s", (rule, a, expected) => {
    expect(valueOf(rule, { a })).toStrictEqual(expected);
  });
});
