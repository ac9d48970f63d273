import { describe, expect, it } from "vitest";
import { isEqual, isLess, isLessOrEqual, isStrictEqual } from "./comparison.ts";

describe("equality", () => {
  it.each<[unknown, unknown, boolean, boolean]>([
    [null, undefined, true, true],
    [undefined, null, true, true],
    [null, 0, false, false],
    [undefined, 0, false, false],
    [0, null, false, false],
    [0, undefined, false, false],
    ["", null, false, false],
    [1, "1", true, false],
    ["1", 1, true, false],
    ["1", "1.0", false, false],
    ["1", "1", true, true],
    [true, 1, true, false],
    [[], [], false, false],
    [Number.NaN, Number.NaN, false, false],
  ])("%j and %j: %s, within one type %s", (a, b, equal, strict) => {
    expect(isEqual(a, b)).toBe(equal);
    expect(isStrictEqual(a, b)).toBe(strict);
  });
});

describe("order", () => {
  /** Texts as their UTF-8 bytes sort. */
  const texts = [
    "",
    "\0",
    "A",
    "a",
    "a\0",
    "aa",
    "b",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\u{10000}",
    "\u{103fe}",
    "\u{103ff}",
  ];
  it("of texts is that of their code points", () => {
    for (const [i, a] of texts.entries()) {
      for (const [j, b] of texts.entries()) {
        expect([a, b, isLess(a, b), isLessOrEqual(a, b)]).toStrictEqual([a, b, i < j, i <= j]);
      }
    }
  });

  it.each<[unknown, unknown, boolean, boolean]>([
    [1, 1, false, true],
    [1, "2", true, true],
    ["2", 1, false, false],
    [null, 0, false, false],
    [null, null, false, true],
    [null, 1, true, true],
    ["a", 1, false, false],
  ])("%j < %j is %s, <= %s", (a, b, less, lessOrEqual) => {
    expect(isLess(a, b)).toBe(less);
    expect(isLessOrEqual(a, b)).toBe(lessOrEqual);
  });
});
