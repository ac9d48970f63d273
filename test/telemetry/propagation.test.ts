import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { activeFlags } from "@flagspan/telemetry";
import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";

import { violations } from "./contract.ts";
import { createRig, watched } from "./rig.ts";
import type { Rig, RigOptions } from "./rig.ts";

let rig: Rig;
afterEach(() => rig.close());

interface Carrier {
  baggage?: string;
  traceparent?: string;
}

/** The usual propagators with ours last. */
const propagators = (): CompositePropagator =>
  new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), rig.telemetry.propagator],
  });

/** What a request to `attributes`' destination carries, from inside a request that has evaluated flags. */
function send(
  evaluate: () => void,
  attributes: Record<string, string | number> = { "server.address": "checkout.internal" },
  kind: SpanKind = SpanKind.CLIENT,
  ctx: Context = context.active(),
): Carrier {
  const carrier: Carrier = {};
  context.with(ctx, () =>
    rig.tracer.startActiveSpan("server", { root: true }, context.active(), (server) => {
      evaluate();
      const client = rig.tracer.startSpan("GET", { kind, attributes });
      propagators().inject(trace.setSpan(context.active(), client), carrier, defaultTextMapSetter);
      client.end();
      server.end();
    }),
  );
  return carrier;
}

/** Runs `handler` as a service that was called with `carrier`. */
function receive(carrier: Carrier, handler: () => void): void {
  const incoming = propagators().extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const server = rig.tracer.startSpan("downstream", { kind: SpanKind.SERVER }, incoming);
  context.with(trace.setSpan(incoming, server), handler);
  server.end();
}

const start = (options: RigOptions): void => {
  rig = createRig(options);
};
const allowed = { baggage: { allow: ["checkout.internal"] } };

test("flags go to an allow-listed destination, the watched one with its arm and unit", () => {
  start(allowed);
  const { baggage } = send(() => {
    rig.evaluate("theme");
    rig.evaluate("dark-mode", watched("unit-1"));
  });
  expect(baggage).toBe(
    "feature_flag.context.id=unit-1,feature_flags.dark-mode=on;rollout=r-42/2/treatment,feature_flags.theme=on",
  );
});

const destinations: readonly {
  to: Record<string, string | number>;
  allow: string;
  kind?: SpanKind;
  sent: boolean;
}[] = [
  { to: { "server.address": "Checkout.Internal." }, allow: "checkout.internal", sent: true },
  { to: { "net.peer.name": "checkout.internal" }, allow: "checkout.internal", sent: true },
  { to: { "url.full": "http://checkout.internal:8080/x" }, allow: "checkout.internal:8080", sent: true },
  { to: { "server.address": "a.internal", "server.port": 80 }, allow: "*.internal", sent: true },
  { to: { "server.address": "internal" }, allow: "*.internal", sent: false },
  { to: { "server.address": "evilinternal" }, allow: "*.internal", sent: false },
  { to: { "server.address": "checkout.internal.evil.test" }, allow: "checkout.internal", sent: false },
  {
    to: { "server.address": "checkout.internal", "server.port": 81 },
    allow: "checkout.internal:80",
    sent: false,
  },
  {
    to: { "server.address": "checkout.internal" },
    allow: "checkout.internal",
    kind: SpanKind.SERVER,
    sent: false,
  },
  { to: {}, allow: "checkout.internal", sent: false },
];
for (const { to, allow, kind, sent } of destinations) {
  const where = `${JSON.stringify(to)}${kind === undefined ? "" : " on a server span"}`;
  test(`with ${allow} allowed, ${where} is ${sent ? "sent" : "not sent"} flags`, () => {
    start({ baggage: { allow: [allow] } });
    const { baggage, traceparent } = send(() => rig.evaluate("theme"), to, kind);
    expect(baggage).toBe(sent ? "feature_flags.theme=on" : undefined);
    expect(traceparent).toBeDefined();
  });
}

test("a destination that cannot be read gets nothing, and that is counted", () => {
  start(allowed);
  send(() => rig.evaluate("theme"), {});
  expect(rig.telemetry.dropped().get("baggage_destination")).toBe(1);
});

test("the app's own baggage travels on unchanged beside the flags", () => {
  start(allowed);
  const own = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ tenant: { value: "a b" } }));
  const { baggage } = send(() => rig.evaluate("theme"), undefined, undefined, own);
  expect(baggage).toBe("tenant=a%20b,feature_flags.theme=on");
});

test("a service that trusts its callers tags its spans and logs, and passes the flags on to the third", () => {
  start({ ...allowed, trustBaggage: true, events: "off" });
  const carrier = send(() => rig.evaluate("dark-mode", watched("unit-1")));
  let third: Carrier = {};
  receive(carrier, () => {
    rig.loggerProvider.getLogger("app").emit({ body: "downstream" });
    expect(activeFlags()).toEqual({ "dark-mode": "on" });
    const client = rig.tracer.startSpan("GET", {
      kind: SpanKind.CLIENT,
      attributes: { "server.address": "checkout.internal" },
    });
    propagators().inject(trace.setSpan(context.active(), client), (third = {}), defaultTextMapSetter);
    client.end();
  });
  expect(third.baggage).toBe(carrier.baggage);
  const downstream = rig.spans.getFinishedSpans().find(({ name }) => name === "downstream");
  expect(downstream?.attributes).toEqual({ "feature_flags.dark-mode": "on" });
  expect(rig.logs.getFinishedLogRecords().at(-1)?.attributes).toEqual({ "feature_flags.dark-mode": "on" });
});

test("a failure in a trusted downstream service is the caller's flag's outcome", async () => {
  start({ ...allowed, trustBaggage: true });
  const carrier = send(() => rig.evaluate("dark-mode", watched("unit-1")));
  await rig.telemetry.forceFlush();
  rig.sent.length = 0;
  receive(carrier, () => trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR }));
  await rig.telemetry.forceFlush();
  expect(rig.sent.map(({ attributes }) => attributes)).toMatchObject([
    {
      "feature_flag.key": "dark-mode",
      "feature_flag.rollout.arm": "treatment",
      "feature_flag.context.id": "unit-1",
      "feature_flag.outcome.source": "server",
    },
  ]);
});

test("forged baggage at an edge reaches no span, log, event or further service", async () => {
  start(allowed);
  const forged: Carrier = {
    baggage: "tenant=x,feature_flag.context.id=victim,feature_flags.dark-mode=on;rollout=r-42/2/treatment",
  };
  let onward: Carrier = {};
  receive(forged, () => {
    expect(activeFlags()).toEqual({});
    rig.loggerProvider.getLogger("app").emit({ body: "edge" });
    const span = trace.getActiveSpan();
    span?.setStatus({ code: SpanStatusCode.ERROR });
    const client = rig.tracer.startSpan("GET", {
      kind: SpanKind.CLIENT,
      attributes: { "server.address": "checkout.internal" },
    });
    propagators().inject(trace.setSpan(context.active(), client), (onward = {}), defaultTextMapSetter);
    client.end();
  });
  await rig.telemetry.forceFlush();
  expect(onward.baggage).toBe("tenant=x");
  expect(rig.sent).toEqual([]);
  expect(rig.spans.getFinishedSpans().map(({ attributes }) => attributes)).toEqual([
    { "server.address": "checkout.internal" },
    {},
  ]);
  expect(rig.logs.getFinishedLogRecords().map(({ attributes }) => attributes)).toEqual([{}]);
  expect(rig.telemetry.dropped().get("baggage_untrusted")).toBe(2);
});

test("at a public edge a stranger's flags tag, go nowhere, count nowhere, and what fails with them is a signal", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  start({ ...allowed, trustBaggage: true, publicEdge: true, meterProvider, events: "off" });
  rig.telemetry.bindMetrics();
  let onward: Carrier = {};
  for (let index = 0; index < 100; index += 1) {
    const baggage = `feature_flag.context.id=forged-${index},feature_flags.dark-mode=on;rollout=r-42/${index}/treatment`;
    receive({ baggage }, () => {
      expect(activeFlags()).toEqual({ "dark-mode": "on" });
      const client = rig.tracer.startSpan("GET", {
        kind: SpanKind.CLIENT,
        attributes: { "server.address": "checkout.internal" },
      });
      propagators().inject(trace.setSpan(context.active(), client), (onward = {}), defaultTextMapSetter);
      client.end();
      trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
    });
  }
  await rig.telemetry.forceFlush();
  await reader.forceFlush();
  expect(onward).toEqual({ traceparent: expect.any(String) as string });
  const tagged = rig.spans.getFinishedSpans().map(({ attributes }) => attributes["feature_flags.dark-mode"]);
  expect(tagged).toEqual(Array.from({ length: 200 }, () => "on"));
  expect(new Set(rig.sent.map(({ eventName }) => eventName))).toEqual(new Set(["feature_flag.outcome"]));
  expect(rig.sent).toHaveLength(20);
  expect(violations("outcome", rig.sent)).toEqual([]);
  for (const { attributes } of rig.sent) expect(attributes["feature_flag.outcome.source"]).toBe("browser");
  expect(rig.telemetry.dropped().get("outcome_without_unit")).toBe(80);
  const series = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ dataPoints }) => dataPoints.length > 0)
    .map(({ descriptor }) => descriptor.name);
  expect(series).toEqual(["feature_flag.telemetry.dropped"]);
});

test("at a public edge what is evaluated there counts as ever, whatever the same request claims", async () => {
  start({ trustBaggage: true, publicEdge: true });
  const claim = "feature_flag.context.id=unit-1,feature_flags.dark-mode=on;rollout=r-42/2/treatment";
  receive({ baggage: claim }, () => {
    trace.getActiveSpan()?.recordException(new Error("before the evaluation"));
    rig.evaluate("dark-mode", watched("unit-1"));
    trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
  });
  await rig.telemetry.forceFlush();
  expect(rig.sent.map(({ eventName }) => eventName)).toEqual(["feature_flag.exposures"]);
  receive({ baggage: claim }, () => {
    rig.evaluate("dark-mode", watched("unit-1"));
    trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
  });
  await rig.telemetry.forceFlush();
  expect(rig.sent.map(({ attributes }) => attributes["feature_flag.outcome.source"])).toEqual([
    "server",
    "server",
  ]);
  expect(rig.sent[1]?.eventName).toBe("feature_flag.outcome");
});

test("trusting named keys takes those alone, and a process takes at most maxFlags different keys", async () => {
  start({ trustBaggage: { keys: ["theme"] }, maxFlags: 4 });
  receive({ baggage: "feature_flags.theme=blue,feature_flags.other=on" }, () =>
    expect(activeFlags()).toEqual({ theme: "blue" }),
  );
  await rig.close();
  start({ trustBaggage: true, maxFlags: 4 });
  const taken = new Set<string>();
  for (let index = 0; index < 50; index += 1) {
    receive({ baggage: `feature_flags.flag-${index}=on` }, () => {
      for (const key of Object.keys(activeFlags())) taken.add(key);
    });
  }
  expect(taken.size).toBe(4);
});

test("a flag of another unit than the one that travels goes without its arm", () => {
  start(allowed);
  const { baggage } = send(() => {
    rig.evaluate("dark-mode", watched("unit-1"));
    rig.evaluate("other-set", watched("unit-2"));
  });
  expect(baggage).toBe(
    "feature_flag.context.id=unit-1,feature_flags.dark-mode=on;rollout=r-42/2/treatment,feature_flags.other-set=on",
  );
});

const anyFlag = fc.record({
  key: fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
  variant: fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
  unit: fc.option(fc.string({ unit: "binary", maxLength: 200 }), { nil: undefined }),
  isWatched: fc.boolean(),
});

test("baggage never exceeds 8 flags and 512 bytes, and what arrives is what was sent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFlag, { maxLength: 30 }), async (flags) => {
      start({ ...allowed, trustBaggage: true });
      const evaluated = new Map<string, string>();
      const { baggage = "" } = send(() => {
        for (const { key, variant, unit, isWatched } of flags) {
          const details = watched(unit, variant, { rolloutTreatment: isWatched ? variant : "never" });
          rig.evaluate(key, details);
        }
        for (const [key, variant] of Object.entries(activeFlags())) evaluated.set(key, variant);
      });
      expect(Buffer.byteLength(baggage)).toBeLessThanOrEqual(512);
      receive({ baggage }, () => {
        const arrived = Object.entries(activeFlags());
        expect(arrived.length).toBeLessThanOrEqual(8);
        expect(arrived.filter(([key, variant]) => evaluated.get(key) !== variant)).toEqual([]);
      });
      await rig.close();
    }),
    { numRuns: 60 },
  );
});

test("any header at all is read without harm", () => {
  start({ trustBaggage: true });
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.boolean(), (text, prefixed) => {
      const baggage = prefixed ? `feature_flags.a=${text},feature_flags.${text}=on;rollout=${text}` : text;
      receive({ baggage }, () => expect(activeFlags()).toBeTypeOf("object"));
    }),
    { numRuns: 300 },
  );
  expect(rig.telemetry.dropped().get("propagation_error") ?? 0).toBe(0);
});
