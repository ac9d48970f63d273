import { expect, test } from "vitest";
import { memorySpanExporter } from "./memory-exporters.ts";
import { flagMatchers } from "./flag-matchers.ts";
import "./vitest.ts";

test.each([
  { naming: "per-flag", attributes: { "feature_flags.checkout": "on" } },
  { naming: "packed", attributes: { feature_flags: ["theme=dark", "checkout=on"] } },
])("a flag is found as $naming writes it", ({ attributes }) => {
  expect({ attributes }).toCarryFlag("checkout");
  expect({ attributes }).toCarryFlag("checkout", "on");
  expect({ attributes }).not.toCarryFlag("checkout", "off");
  expect({ attributes }).not.toCarryFlag("search");
});

test("sentry's booleans are found as true and false", () => {
  expect({ attributes: { "flag.evaluation.checkout": true } }).toCarryFlag("checkout", "true");
});

test("of a list, each one must carry the flag, and an empty one does not", () => {
  const tagged = { attributes: { "feature_flags.checkout": "on" } };
  expect([tagged, tagged]).toCarryFlag("checkout", "on");
  expect([tagged, { attributes: {} }]).not.toCarryFlag("checkout", "on");
  expect([]).not.toCarryFlag("checkout");
});

test("a failure names the span and what it carries instead", () => {
  const span = { name: "GET /order", attributes: { "feature_flags.checkout": "off" } };
  expect(flagMatchers.toCarryFlag([span], "checkout", "on").message()).toBe(
    'expected span "GET /order" to carry the flag "checkout" = "on"; it carries "checkout" = "off"',
  );
});

test("the memory exporter keeps what ends, until it is reset", () => {
  const exporter = memorySpanExporter();
  exporter.processor.onEnd({ name: "work", status: { code: 0 }, attributes: {} });
  expect(exporter.records.map(({ name }) => name)).toEqual(["work"]);
  exporter.reset();
  expect(exporter.records).toEqual([]);
});
