import { expect, test } from "vitest";
import { joinLoggerProvider, joinTracerProvider } from "./join-provider.ts";

test("joining twice is joining once, and the app's own list stays as it was", () => {
  const own = [{ name: "exporting" }];
  const provider = { _activeSpanProcessor: { _spanProcessors: own } };
  const ours = { name: "tagging" };
  expect(joinTracerProvider(provider, ours)).toBe(true);
  expect(joinTracerProvider(provider, ours)).toBe(true);
  expect(provider._activeSpanProcessor._spanProcessors).toEqual([ours, { name: "exporting" }]);
  expect(own).toHaveLength(1);
});

test("log records are tagged before they are exported", () => {
  const provider = { _sharedState: { activeProcessor: { processors: [{ name: "exporting" }] } } };
  const ours = { name: "tagging" };
  expect(joinLoggerProvider(provider, ours)).toBe(true);
  expect(provider._sharedState.activeProcessor.processors[0]).toBe(ours);
});

test("a logger provider without processors needs nothing", () => {
  expect(
    joinLoggerProvider({ _sharedState: { registeredLogRecordProcessors: [], activeProcessor: {} } }, {}),
  ).toBe(true);
});

test.each([
  { what: "an unknown shape", provider: { _processors: [] } },
  { what: "nothing", provider: undefined },
  { what: "a list that is none", provider: { _activeSpanProcessor: { _spanProcessors: "two" } } },
  {
    what: "a frozen provider",
    provider: { _activeSpanProcessor: Object.freeze({ _spanProcessors: [] as unknown[] }) },
  },
])("$what is left alone", ({ provider }) => {
  expect(joinTracerProvider(provider, {})).toBe(false);
});
