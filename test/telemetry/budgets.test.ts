import { ROOT_CONTEXT } from "@opentelemetry/api";
import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";

import { createRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

let rig: Rig;
afterEach(() => rig.close());

const flagTags = (attributes: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(attributes).filter((name) => name.startsWith("feature_flags."));

test("200 flags of which one is decided per request keep that one on every span and log", () => {
  rig = createRig({ events: "off" });
  rig.tracer.startActiveSpan("server", (server) => {
    for (let index = 0; index < 200; index += 1) rig.evaluate(`constant-${index}`, { reason: "STATIC" });
    rig.evaluate("dynamic", { reason: "TARGETING_MATCH", variant: "beta" });
    rig.loggerProvider.getLogger("app").emit({ body: "hello" });
    rig.tracer.startSpan("child").end();
    server.end();
  });
  const carriers = [...rig.spans.getFinishedSpans(), ...rig.logs.getFinishedLogRecords()];
  expect(carriers).toHaveLength(3);
  for (const { attributes } of carriers) {
    expect(attributes["feature_flags.dynamic"]).toBe("beta");
    expect(flagTags(attributes)).toHaveLength(32);
  }
  expect(rig.telemetry.dropped().get("scope_full")).toBe(73);
});

test("the app's own 128 attributes survive, and what did not fit is counted", () => {
  rig = createRig();
  const own = Object.fromEntries(Array.from({ length: 128 }, (_, index) => [`app.${index}`, index]));
  rig.tracer.startActiveSpan("server", (server) => {
    rig.evaluate("checkout");
    server.setAttributes(own);
    server.end();
  });
  expect(rig.spans.getFinishedSpans()[0]?.attributes).toEqual(own);
  expect(rig.spans.getFinishedSpans()[0]?.droppedAttributesCount).toBe(0);
  expect(rig.telemetry.dropped().get("attribute_limit")).toBe(1);
});

test("however many flags and own attributes there are, both budgets hold and the app loses nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 60 }),
      fc.nat({ max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 8, max: 40 }),
      async (flags, own, maxFlags, attributeCountLimit) => {
        rig = createRig({ maxFlags, events: "off", spanLimits: { attributeCountLimit } });
        rig.tracer.startActiveSpan("server", (server) => {
          for (let index = 0; index < flags; index += 1) rig.evaluate(`flag-${index}`);
          for (const name of ["first", "second"]) {
            const span = rig.tracer.startSpan(name);
            for (let index = 0; index < own; index += 1) span.setAttribute(`app.${index}`, index);
            span.end();
          }
          server.end();
        });
        for (const { attributes, name } of rig.spans.getFinishedSpans()) {
          const tags = flagTags(attributes).length;
          const all = Object.keys(attributes).length;
          const kept = name === "server" ? 0 : Math.min(own, attributeCountLimit);
          expect(all - tags).toBe(kept);
          expect(tags).toBe(Math.min(flags, maxFlags, attributeCountLimit - kept));
        }
        await rig.close();
      },
    ),
    { numRuns: 60 },
  );
});

test("spans that never end are forgotten at the limit, oldest first, and counted", () => {
  rig = createRig({ maxLiveSpans: 1_000 });
  const kept = rig.tracer.startSpan("kept", {}, ROOT_CONTEXT);
  for (let index = 0; index < 20_000; index += 1) rig.tracer.startSpan("never ends", {}, ROOT_CONTEXT);
  kept.end();
  expect(rig.telemetry.dropped().get("live_spans")).toBe(20_001 - 1_256);
});

test("bounds that are no numbers are the defaults, not none", () => {
  rig = createRig({ maxLiveSpans: Number.NaN, maxUnits: Number.NaN, maxFlags: Number.NaN });
  rig.tracer.startActiveSpan("server", (server) => {
    for (let index = 0; index < 40; index += 1) rig.evaluate(`flag-${index}`);
    server.end();
  });
  expect(flagTags(rig.spans.getFinishedSpans()[0]?.attributes ?? {})).toHaveLength(32);
  for (let index = 0; index < 60_000; index += 1) rig.tracer.startSpan("never ends", {}, ROOT_CONTEXT);
  expect(rig.telemetry.dropped().get("live_spans")).toBe(60_001 - 50_256);
});

test("keys that nobody defines never become series, and series are bounded", async () => {
  const { MeterProvider, AggregationTemporality, InMemoryMetricExporter, PeriodicExportingMetricReader } =
    await import("@opentelemetry/sdk-metrics");
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  rig = createRig({ events: "off", meterProvider: new MeterProvider({ readers: [reader] }) });
  for (let index = 0; index < 3_000; index += 1) {
    rig.evaluate(`guess-${index}`, { variant: undefined, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
  }
  for (let index = 0; index < 3_000; index += 1) rig.evaluate(`real-${index}`);
  await reader.forceFlush();
  const points = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ descriptor }) => descriptor.name === "feature_flag.evaluations")
    .flatMap(
      ({ dataPoints }) => dataPoints as readonly { attributes: Record<string, unknown>; value: number }[],
    );
  const keys = new Set(points.map(({ attributes }) => attributes["feature_flag.key"]));
  expect([...keys].filter((key) => String(key).startsWith("guess-"))).toEqual([]);
  expect(points.length).toBeLessThanOrEqual(1_502);
  expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(6_000);
});
