import fc from "fast-check";
import { expect, test } from "vitest";
import { sameValue } from "./same-value.ts";

test("holds between a value and its copy, and in both directions", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (left, right) => {
      expect(sameValue(left, structuredClone(left))).toBe(true);
      expect(sameValue(left, right)).toBe(sameValue(right, left));
    }),
  );
});

test.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: undefined }, { b: 1 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1 }, { b: 1 }, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [[], {}, false],
  [null, {}, false],
  [{}, null, false],
  [1, "1", false],
  [0, false, false],
  [{ toString: 1 }, {}, false],
  [{}, { constructor: 1 }, false],
])("%j and %j: %s", (left, right, expected) => {
  expect(sameValue(left, right)).toBe(expected);
});

test("needs no stack for values nested twenty thousand deep", () => {
  const nest = (inner: unknown): unknown => {
    let value = inner;
    for (let level = 0; level < 20_000; level++) value = [value];
    return value;
  };
  expect(sameValue(nest(1), nest(1))).toBe(true);
  expect(sameValue(nest(1), nest(2))).toBe(false);
});
