import { describe, expect, it } from "vitest";
import { normalize, readAttribute } from "./read-context.ts";
import { runOf, thrownBy } from "./run.test-support.ts";

const json = (value: unknown): unknown => normalize(value, runOf());

describe("a context value is what JSON makes of it", () => {
  it.each<[string, unknown, unknown]>([
    ["a text", "x", "x"],
    ["true", true, true],
    ["false", false, false],
    ["a number", -1.5, -1.5],
    ["null", null, null],
    ["undefined", undefined, null],
    ["NaN", Number.NaN, null],
    ["infinity", -Infinity, null],
    ["a function", () => 1, null],
    ["a symbol", Symbol("x"), null],
    ["a bigint", 10n, null],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["what has a toJSON that is none", { toJSON: "x" }, { toJSON: "x" }],
    ["what has a toJSON within toJSON", { toJSON: () => new Date(0) }, "1970-01-01T00:00:00.000Z"],
    [
      "holes and parts without a form in a list",
      [undefined, () => 1, Symbol("x"), [1n]],
      [null, null, null, [null]],
    ],
    ["undefined in an object", { a: undefined, z: 1 }, { z: 1 }],
    ["a function in an object", { a: () => 1, z: 1 }, { z: 1 }],
    ["a symbol in an object", { a: Symbol("x"), z: 1 }, { z: 1 }],
    [
      "what else JSON has no form for in an object",
      { a: null, b: Number.NaN, c: 1n },
      { a: null, b: null, c: null },
    ],
  ])("%s", (_title, value, expected) => {
    expect(json(value)).toStrictEqual(expected);
  });

  it("and a copy: what the application changes later, no answer shows", () => {
    const value = { list: [{ a: 1 }] };
    const copy = json(value);
    value.list.push({ a: 2 });
    expect(copy).toStrictEqual({ list: [{ a: 1 }] });
  });

  it("an attribute is an own property, or nothing", () => {
    const context = Object.create({ inherited: "x" }) as Record<string, unknown>;
    context["own"] = [1n];
    expect(readAttribute(context, "own", runOf())).toStrictEqual([null]);
    expect(readAttribute(context, "inherited", runOf())).toBeNull();
  });
});

describe("a context value may nest 64 deep below itself", () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
    let value: unknown = "x";
    for (let i = 0; i < levels; i++) value = wrap(value);
    return value;
  };
  it.each<[string, (inner: unknown) => unknown]>([
    ["lists", (inner) => [inner]],
    ["objects", (inner) => ({ inner })],
    ["what toJSON answers", (inner) => ({ toJSON: () => inner })],
  ])("%s", (_title, wrap) => {
    const innermost = JSON.stringify(json(nested(65, wrap)));
    expect(innermost).toContain('"x"');
    expect(thrownBy(() => json(nested(66, wrap)))).toMatchObject({
      code: "INVALID_CONTEXT",
      message: "the context nests deeper than 64 levels, or contains itself",
    });
  });
});

describe("reading is paid for before it is done", () => {
  const LIMIT = 400_000;
  it.each<[string, number, (seen: () => void) => unknown]>([
    [
      "the elements of a list",
      16,
      (seen) => [Object.defineProperty({}, "x", { enumerable: true, get: seen })],
    ],
    [
      "the properties of an object",
      2 * 64,
      (seen) => Object.defineProperty({}, "x", { enumerable: true, get: seen }),
    ],
    ["an object's toJSON", 64, (toJSON) => ({ toJSON })],
  ])("%s", (_title, work, make) => {
    let seen = 0;
    const value = make(() => {
      seen++;
    });
    expect(thrownBy(() => normalize(value, runOf({ work: LIMIT - work + 1 })))).toMatchObject({
      code: "GENERAL",
    });
    expect(seen).toBe(0);
    normalize(value, runOf());
    expect(seen).toBe(1);
  });
});
