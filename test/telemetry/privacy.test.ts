import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapSetter,
  trace,
} from "@opentelemetry/api";
import { OpenFeature } from "@openfeature/server-sdk";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { FlagspanProvider } from "@flagspan/provider/server";
import { afterEach, expect, test, vi } from "vitest";

import { startControl } from "../control/start.ts";
import { createRig, fixedProvider, watched } from "./rig.ts";
import type { Rig } from "./rig.ts";

let rig: Rig;
afterEach(async () => {
  await rig.close();
  await OpenFeature.clearProviders();
  OpenFeature.clearHooks();
});

/** Every string that is found in something, keys included, cycles cut. */
function stringsIn(thing: unknown, seen: Set<object> = new Set()): string[] {
  if (typeof thing === "string") return [thing];
  if (typeof thing !== "object" || thing === null || seen.has(thing)) return [];
  seen.add(thing);
  return Object.entries(thing).flatMap(([key, value]) => [key, ...stringsIn(value, seen)]);
}

const targetingKey = "alice@example.com";
const secrets = [
  targetingKey,
  encodeURIComponent(targetingKey),
  btoa(targetingKey),
  "gold-plan-7731",
  "s3cret-value",
];

for (const { how, subjectKey, details } of [
  { how: "the provider's own contextId", subjectKey: undefined, details: watched("pseudonym-1") },
  { how: "a subject key", subjectKey: "the secret of the set", details: watched(undefined) },
  { how: "no key at all", subjectKey: undefined, details: watched(undefined) },
]) {
  test(`with ${how}, neither targeting key, context nor value of a flag with variants is exported anywhere`, async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
    rig = createRig({
      events: "all",
      spanEvents: true,
      baggage: { allow: ["checkout"] },
      meterProvider: new MeterProvider({ readers: [reader] }),
      ...(subjectKey === undefined ? {} : { subjectKey }),
    });
    await OpenFeature.setProviderAndWait(
      fixedProvider({ "dark-mode": { ...details, value: "s3cret-value" } }),
    );
    OpenFeature.addHooks(rig.telemetry.hook);
    const carrier = {};
    await rig.tracer.startActiveSpan("request", { root: true }, async (span) => {
      const client = OpenFeature.getClient();
      const answer = await client.getStringValue("dark-mode", "x", { targetingKey, plan: "gold-plan-7731" });
      expect(answer).toBe("s3cret-value");
      await client.getBooleanValue("nowhere", false, { targetingKey });
      const outgoing = rig.tracer.startSpan("GET", {
        kind: SpanKind.CLIENT,
        attributes: { "server.address": "checkout" },
      });
      rig.telemetry.propagator.inject(
        trace.setSpan(context.active(), outgoing),
        carrier,
        defaultTextMapSetter,
      );
      outgoing.end();
      span.recordException(new Error("boom"));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    await reader.forceFlush();
    await rig.telemetry.forceFlush();
    const exported = stringsIn([
      rig.spans
        .getFinishedSpans()
        .map(({ name, attributes, events, resource }) => [name, attributes, events, resource]),
      rig.logs
        .getFinishedLogRecords()
        .map(({ attributes, body, eventName }) => [attributes, body, eventName]),
      exporter.getMetrics(),
      rig.bodies,
      carrier,
    ]);
    expect(exported.length).toBeGreaterThan(100);
    const signals = [
      "feature_flag.outcome.duration",
      "feature_flag.exposures.units",
      "feature_flag.outcome.kind",
    ];
    expect(signals.filter((name) => !exported.some((text) => text.includes(name)))).toEqual([]);
    expect(exported.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
    expect(context.active()).toBe(ROOT_CONTEXT);
  });
}

test("with our own provider and control neither shows, in outcomes, applied events and what control is sent alike", async () => {
  const taken: string[] = [];
  const control = await startControl({
    otlp: {
      accept: ({ body, contentType }) => {
        taken.push(new TextDecoder().decode(body));
        return Promise.resolve({ status: 200, contentType, body: "{}" });
      },
    },
  });
  rig = createRig({
    events: "all",
    guardEndpoint: control.url,
    guardHeaders: { authorization: `Bearer ${control.keys.telemetry}` },
    fetch: (url, init) => globalThis.fetch(url, init),
  });
  const provider = new FlagspanProvider({ url: control.url, set: "shop.prod", key: control.keys.sync });
  await OpenFeature.setProviderAndWait(provider);
  OpenFeature.addHooks(rig.telemetry.hook);
  await rig.tracer.startActiveSpan("request", { root: true }, async (span) => {
    const context = { targetingKey, email: "alice@corp.example", plan: "gold-plan-7731" };
    await OpenFeature.getClient().getBooleanValue("watched", false, context);
    await OpenFeature.getClient().getBooleanValue("dark-mode", false, context);
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  await control.ask("POST", "/v1/flags/shop.prod/dark-mode/kill", { body: { reason: "a reason" } });
  const names = () => rig.logs.getFinishedLogRecords().map(({ eventName }) => eventName);
  await vi.waitFor(() => expect(names()).toContain("feature_flag.applied"), { timeout: 20_000 });
  await rig.telemetry.forceFlush();
  const exported = stringsIn([
    rig.spans.getFinishedSpans().map(({ name, attributes, events }) => [name, attributes, events]),
    rig.logs.getFinishedLogRecords().map(({ attributes, body, eventName }) => [attributes, body, eventName]),
    taken,
  ]);
  const kinds = ["feature_flag.outcome.kind", "feature_flag.exposures.units", "feature_flag.evaluation"];
  expect(kinds.filter((kind) => !exported.some((text) => text.includes(kind)))).toEqual([]);
  const unit = rig.logs.getFinishedLogRecords()[0]?.attributes["feature_flag.context.id"];
  expect(unit).toMatch(/^[\w-]{16}$/u);
  expect(taken.some((body) => body.includes(JSON.stringify(unit)))).toBe(true);
  const mine = [...secrets, "alice", "corp.example"];
  expect(exported.filter((text) => mine.some((secret) => text.includes(secret)))).toEqual([]);
});
