import { describe, expect, it } from "vitest";
import { apply } from "../evaluator.test-support.ts";
import { answersOfFlagd } from "./flagd-answers.test-support.ts";

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
    [
      "a list that a loop puts into its rule may be the arguments",
      { filter: [[1, 2], { or: { var: "flags" } }] },
      { flags: [0, "x"] },
      [1, 2],
    ],
    ["none of nothing", { none: [{ var: "xs" }, { "==": [1, 1] }] }, {}, true],
    ["map binds the element", { map: [[1, 2], { "*": [{ var: "" }, 2] }] }, {}, [2, 4]],
    ["merge flattens once", { merge: [1, [2, [3]]] }, {}, [1, 2, [3]]],
    ["missing lists what is not there", { missing: ["a", "b"] }, { a: 1 }, ["b"]],
    ["missing_some is content with enough", { missing_some: [1, ["a", "b"]] }, { a: 1 }, []],
    ["max reads texts as numbers", { max: ["2", 1] }, {}, 2],
    ["min of nothing is null", { min: [] }, {}, null],
    ["minus negates one", { "-": [2] }, {}, -2],
    ["% takes the sign of the first", { "%": [-7, 3] }, {}, -1],
    ["two negative zeros make a positive one", { "+": [-0, -0] }, {}, 0],
    ["max is the first of equals", { max: [0, -0] }, {}, 0],
    ["min is the first of equals", { min: [-0, 0] }, {}, -0],
    ["and of nothing is null", { and: [] }, {}, null],
    ["if of nothing is null", { if: [] }, {}, null],
    ["if without a clause that holds is null", { if: [false, "a"] }, {}, null],
    ["! of an empty bare list", { "!": { var: "x" } }, { x: [] }, true],
    ["substr from the end gives nothing", { substr: ["abc", 3] }, {}, ""],
    ["substr of no characters gives nothing", { substr: ["abc", 1, 0] }, {}, ""],
    ["starts_with of a bare text is null", { starts_with: "ab" }, {}, null],
    ["ends_with of three is null", { ends_with: ["ab", "b", "b"] }, {}, null],
    [
      "missing_some names what is missing where too few are there",
      { missing_some: [2, ["a", "b"]] },
      { a: 1 },
      ["b"],
    ],
    [
      "var of an empty path is all there is",
      { var: "" },
      { a: 1n, b: [new Date(0)] },
      { a: null, b: ["1970-01-01T00:00:00.000Z"], $flagd: { flagKey: "flag", timestamp: 1_700_000_000 } },
    ],
    ["so it is by nothing, but of an element only", { map: [[1, { a: 1 }], { var: null }] }, {}, [1, null]],
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
    expect(valueOf({ sem_ver: [{ var: "v" }, "=", "999999"] }, { v: 999_999 })).toStrictEqual(true);
    expect(valueOf({ sem_ver: [{ var: "v" }, "=", "1000000"] }, { v: 1_000_000 })).toStrictEqual(null);
    expect(valueOf({ sem_ver: [{ var: "v" }, "=", "1"] }, { v: [1] })).toStrictEqual(null);
    expect(valueOf({ sem_ver: ["1.2", "="] }, {})).toStrictEqual(null);
    expect(valueOf({ sem_ver: ["1.2", "=", "1.2", 1] }, {})).toStrictEqual(null);
    expect(valueOf({ sem_ver: null }, {})).toStrictEqual(null);
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

describe("a failure says where, what was expected and what was found", () => {
  it.each<[unknown, string]>([
    [{ "+": [{ var: "none" }, 1] }, "arithmetic needs numbers, got nothing (a missing attribute?)"],
    [{ "*": [[1], 1] }, "arithmetic needs numbers, got list"],
    [{ "-": [{ a: 1, b: 2 }, 1] }, "arithmetic needs numbers, got object"],
    [{ cat: ["a", true] }, "text needs strings and numbers, got boolean"],
    [{ substr: [[], 1] }, "text needs strings and numbers, got list"],
    [{ if: "a" }, "if needs a list of arguments, got string"],
    [{ and: 1 }, "and needs a list of arguments, got number"],
    [{ or: null }, "or needs a list of arguments, got nothing (a missing attribute?)"],
    [{ "==": 1 }, "== needs a list of arguments, got number"],
    [{ "<": 1 }, "< needs a list of arguments, got number"],
    [{ "<=": 1 }, "<= needs a list of arguments, got number"],
    [{ ">": 1 }, "> needs a list of arguments, got number"],
    [{ ">=": 1 }, ">= needs a list of arguments, got number"],
    [{ "-": "1" }, "- needs a list of arguments, got string"],
    [{ "*": "1" }, "* needs a list of arguments, got string"],
    [{ "/": "1" }, "/ needs a list of arguments, got string"],
    [{ max: 1 }, "max needs a list of arguments, got number"],
    [{ min: 1 }, "min needs a list of arguments, got number"],
    [{ "%": [1] }, "% needs 2 arguments, got 1"],
    [{ abs: [] }, "abs needs 1 arguments, got 0"],
    [{ cat: 1 }, "cat needs a list of arguments, got number"],
    [{ merge: null }, "merge needs a list of arguments, got nothing (a missing attribute?)"],
    [{ missing: 1 }, "missing needs a list of arguments, got number"],
    [{ missing_some: 1 }, "missing_some needs a list of arguments, got number"],
    [{ missing_some: [1, "a"] }, "missing_some needs a list of arguments, got string"],
    [{ set: 1 }, "set needs a list of arguments, got number"],
    [{ set: [{ a: 1, b: 2 }, 1, 2] }, "set needs the name of a property, got number"],
    [{ substr: ["a"] }, "substr needs 2 arguments, got 1"],
    [{ substr: ["abc", 2, -2] }, "substr ends before it starts"],
    [{ in: [] }, "in needs 1 arguments, got 0"],
    [{ in: [1, "abc"] }, "in a text, only a text can be found, got number"],
    [{ in: [1, [[1]]] }, "a range needs 2 arguments, got 1"],
    [{ in: [{ a: 1, b: 2 }, [{ a: 1, b: 2 }]] }, "lists and objects cannot be compared"],
    [{ contains_any: [[[1]], [[1]]] }, "lists and objects cannot be compared"],
    [{ var: true }, "var needs a path, got boolean"],
    [{ var: [1, 2] }, "var needs a path, got number"],
    [{ map: 1 }, "map needs a list of arguments, got number"],
    [{ map: [{ "+": 1 }, 1] }, "map needs a list of arguments, got number"],
    [{ filter: 1 }, "filter needs a list of arguments, got number"],
    [{ filter: [{ "+": 1 }, 1] }, "filter needs a list of arguments, got number"],
    [{ reduce: 1 }, "reduce needs a list of arguments, got number"],
    [{ reduce: [[1], { "+": [1] }, null] }, "reduce needs a scalar to start with"],
    [{ reduce: [{ "+": 1 }, { "+": [1] }, 0] }, "reduce needs a list of arguments, got number"],
    [{ reduce: [[1], 1, 0] }, "reduce needs a rule as its second argument"],
    [{ all: [] }, "all needs 1 arguments, got 0"],
    [{ none: [[1]] }, "none needs 2 arguments, got 1"],
    [{ some: [[1], 1] }, "some needs a rule as its second argument"],
    [{ all: [{ "+": 1 }, { "!": [1] }] }, "all needs a list of arguments, got number"],
    [{ nope: [] }, 'unknown operator "nope"'],
    [{ if: [true, { var: "o" }] }, "an object from the context stands where a rule could"],
  ])("%j: %s", (rule, message) => {
    expect(apply(rule, { o: { k: 1 } })).toStrictEqual({ ok: false, code: "PARSE_ERROR", message });
  });
});

describe("the tables of flagd's engine", () => {
  it.each(answersOfFlagd)("%j", (rule, data, ...expected) => {
    expect(valueOf(rule, data)).toStrictEqual(expected.length === 0 ? FAILS : expected[0]);
  });
});
