import type { JsonValue } from "@flagspan/ruleset";
import { expect, it } from "vitest";

import { mergePatch } from "./merge-patch.ts";

it.each<[target: JsonValue, patch: JsonValue, merged: JsonValue]>([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("merges as RFC 7396 says: %j and %j give %j", (target, patch, merged) => {
  expect(mergePatch(target, patch)).toEqual(merged);
});

it("makes an own member of __proto__ instead of changing what objects inherit", () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue);
  expect(Object.keys(merged as object)).toEqual(["__proto__"]);
  expect({}).not.toHaveProperty("polluted");
});
