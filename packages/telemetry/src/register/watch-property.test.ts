import { expect, test } from "vitest";
import { watchProperty } from "./watch-property.ts";

test("a value that is there and those that come later are seen", () => {
  const holder: { provider?: string } = { provider: "first" };
  const seen: unknown[] = [];
  watchProperty(holder, "provider", (value) => {
    seen.push(value);
  });
  holder.provider = "second";
  expect(seen).toEqual(["first", "second"]);
  expect(holder.provider).toBe("second");
});

test("what the watcher answers is kept in the value's place", () => {
  const holder: { propagator?: string } = {};
  watchProperty(holder, "propagator", (value) => `wrapped ${String(value)}`);
  holder.propagator = "theirs";
  expect(holder.propagator).toBe("wrapped theirs");
});

test("a watcher that throws never reaches the writer", () => {
  const holder: { api?: string } = {};
  watchProperty(holder, "api", () => {
    throw new Error("broken");
  });
  holder.api = "set";
  expect(holder.api).toBe("set");
});

test("a property that cannot be redefined is left alone", () => {
  const holder = Object.freeze({ api: "fixed" });
  expect(watchProperty(holder, "api", () => "changed")).toBe(false);
  expect(holder.api).toBe("fixed");
});

test("the app can still delete the property", () => {
  const holder: { api?: string } = { api: "set" };
  watchProperty(holder, "api", (value) => value);
  delete holder.api;
  expect("api" in holder).toBe(false);
});
