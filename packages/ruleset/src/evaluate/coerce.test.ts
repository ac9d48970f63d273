import { describe, expect, it } from "vitest";
import { toComparable, toInteger, toNumber, toText, trim } from "./coerce.ts";
import { nameOf } from "./failure.ts";

describe("a text is the number that Go reads in it", () => {
  it.each<[string, number]>([
    ["12", 12],
    ["-12.", -12],
    ["+.25", 0.25],
    ["1.75", 1.75],
    ["1e12", 1e12],
    ["1.5E-10", 1.5e-10],
    ["1_000_000", 1_000_000],
    ["inf", Infinity],
    ["-Infinity", -Infinity],
    ["NaN", Number.NaN],
  ])("%s", (text, number) => {
    expect(toNumber(text)).toBe(number);
    expect(toComparable(text)).toBe(number);
  });

  it.each([
    "1x",
    "x1",
    ".",
    ".e1",
    "1e",
    "e1",
    "1__0",
    "_1",
    "1_",
    "nanx",
    "xnan",
    "infx",
    "xinf",
    "0x10",
    "1 ",
    "--1",
  ])("%j holds none: 0 in arithmetic, NaN compared", (text) => {
    expect(toNumber(text)).toBe(0);
    expect(toComparable(text)).toBeNaN();
  });

  it("what is out of range is infinite in arithmetic, and no number compared", () => {
    expect(toNumber("1e400")).toBe(Infinity);
    expect(toComparable("1e400")).toBeNaN();
    expect(toComparable("-1e400")).toBeNaN();
  });

  it.each<[unknown, number]>([
    ["", 0],
    [" \t\u0085", 0],
    ["\ufeff", Number.NaN],
    [null, 0],
    [undefined, 0],
    [true, 1],
    [false, 0],
    [[], Number.NaN],
    [{}, Number.NaN],
  ])("%j compares as %d", (value, number) => {
    expect(toComparable(value)).toBe(number);
  });
});

describe("a number is written as Go does, without exponent", () => {
  it.each<[number, string]>([
    [0, "0"],
    [-0, "-0"],
    [1.5, "1.5"],
    [123_456_789, "123456789"],
    [1e21, "1000000000000000000000"],
    [-1.25e22, "-12500000000000000000000"],
    [1.234_567_890_123e-7, "0.0000001234567890123"],
    [-1e-7, "-0.0000001"],
    [5e-324, `0.${"0".repeat(323)}5`],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (number, text) => {
    expect(toText(number)).toBe(text);
  });

  it("nothing is an empty text", () => {
    expect(toText(null)).toBe("");
    expect(toText(undefined)).toBe("");
    expect(nameOf(undefined)).toBe(nameOf(null));
  });
});

describe("a whole number is one of 64 bits", () => {
  it.each<[number, number]>([
    [1.9, 1],
    [-1.9, -1],
    [2 ** 62, 2 ** 62],
    [2 ** 63, -(2 ** 63)],
    [-(2 ** 63), -(2 ** 63)],
    [1e300, -(2 ** 63)],
    [-1e300, -(2 ** 63)],
    [Infinity, -(2 ** 63)],
    [Number.NaN, -(2 ** 63)],
  ])("%d is %d", (value, integer) => {
    expect(toInteger(value)).toBe(integer);
  });
});

describe("trim", () => {
  it.each<[string, string]>([
    ["", ""],
    [" ", ""],
    [" \t\n\u0085\u00a0\u3000", ""],
    [" a b ", "a b"],
    ["a\u0085", "a"],
    ["\ufeffa\ufeff", "\ufeffa\ufeff"],
    ["\u200ba", "\u200ba"],
  ])("%j is %j", (text, trimmed) => {
    expect(trim(text)).toBe(trimmed);
  });
});
