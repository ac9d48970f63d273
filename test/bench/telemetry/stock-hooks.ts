import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

import { ROOT_CONTEXT, context, metrics, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { FlagTelemetryOptions } from "@flagspan/telemetry";

import { MIN_PAIRS, rowOfPairs, takePairs } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { createTelemetry, createTracer, sink } from "./apps.ts";
import { bytesPerCall, nanosPerCall } from "./timing.ts";

interface StockHook {
  before?(hookContext: object, hints: object): unknown;
  after?(hookContext: object, details: object, hints: object): unknown;
  finally?(hookContext: object, details: object, hints: object): unknown;
}
type StockHooks = Readonly<Record<string, new () => StockHook>>;

/** The stock hooks are installed on their own: their peer range excludes the logs API of this repository. */
const wanted = {
  "@openfeature/core": "1.12.0",
  "@openfeature/open-telemetry-hooks": "1.0.0",
  "@opentelemetry/api": "1.9.1",
  "@opentelemetry/api-logs": "0.205.0",
};

/**
 * What our one hook does in place of each stock hook. It keeps its scope and counters in any case, and is to be no dearer
 * all the same; all four together are what an app needs to have the same.
 */
const duties: Readonly<Record<string, FlagTelemetryOptions>> = {
  EventHook: { events: "all" },
  SpanEventHook: {
    events: "all",
    spanEvents: true,
    loggerProvider: { getLogger: () => ({ emit }) },
  },
  SpanHook: { events: "off" },
  MetricsHook: { events: "off" },
  "all four": { events: "all", spanEvents: true },
};
const emit = (): void => undefined;

/** One evaluation through each stock hook, all its stages, beside ours doing the same duty, inside an active span. */
export async function* stockHookRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  // The stock hooks take their tracer and meter when they are loaded, so an SDK has to be there before.
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [sink] }));
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(meterProvider);
  const stockTracer = createTracer([]);
  trace.setGlobalTracerProvider({ getTracer: () => stockTracer });
  const hooks = installStockHooks();
  if (hooks === undefined) {
    console.error(
      "telemetry: @openfeature/open-telemetry-hooks cannot be installed here; its rows are left out",
    );
    return;
  }
  const calls = smoke ? 50 : 3_000;
  const rounds = smoke ? 3 : MIN_PAIRS * 2;
  const all = Object.values(hooks).map((Hook) => new Hook());
  const peers = [
    ...Object.entries(hooks).map(([name, Hook]) => ({ name, stock: [new Hook()] })),
    { name: "all four", stock: all },
  ];
  for (const { name, stock: stockHooks } of peers) {
    const telemetry = createTelemetry(duties[name]);
    const tracer = createTracer([telemetry.spanProcessor]);
    const inSpan = (evaluate: () => void, meter: typeof nanosPerCall, count: number): number => {
      const span = tracer.startSpan("request", {}, ROOT_CONTEXT);
      const cost = context.with(trace.setSpan(ROOT_CONTEXT, span), () => meter(evaluate, count));
      span.end();
      return cost;
    };
    const ours = oneEvaluation([telemetry.hook]);
    const stock = oneEvaluation(stockHooks);
    for (const evaluate of [ours, stock]) inSpan(evaluate, nanosPerCall, calls * 8);
    const row = { bench: "telemetry", peerName: `stock ${name}`, goal: 1 };
    const nanos = await takePairs(
      () => inSpan(ours, nanosPerCall, calls),
      () => inSpan(stock, nanosPerCall, calls),
      rounds,
    );
    yield rowOfPairs({ ...row, case: `hook in place of ${name}`, unit: "ns" }, nanos);
    const bytes = await takePairs(
      () => inSpan(ours, bytesPerCall, 100),
      () => inSpan(stock, bytesPerCall, 100),
      rounds,
    );
    yield rowOfPairs({ ...row, case: `hook in place of ${name}, allocated`, unit: "bytes" }, bytes);
    await telemetry.shutdown();
  }
  await meterProvider.shutdown();
  logs.disable();
  metrics.disable();
  trace.disable();
}

function oneEvaluation(hooks: readonly StockHook[]): () => void {
  const details = {
    flagKey: "checkout",
    value: true,
    variant: "on",
    reason: "TARGETING_MATCH",
    flagMetadata: { flagSetId: "shop.prod", version: "12" },
  };
  const stages = hooks.map((hook) => ({ hook, evaluated: hook.finally?.bind(hook) }));
  return () => {
    const hookContext = {
      flagKey: "checkout",
      defaultValue: false,
      flagValueType: "boolean",
      context: { targetingKey: "user-1" },
      clientMetadata: { providerMetadata: { name: "bench" } },
      providerMetadata: { name: "bench" },
      hookData: new Map(),
    };
    for (const { hook } of stages) hook.before?.(hookContext, {});
    for (const { hook } of stages) hook.after?.(hookContext, details, {});
    for (const { evaluated } of stages) evaluated?.(hookContext, details, {});
  };
}

function installStockHooks(): StockHooks | undefined {
  const folder = resolve(".cache", "bench", "stock-hooks-1.0.0");
  if (!existsSync(join(folder, "installed"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: wanted }));
    const install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"];
    const run = spawnSync("npm", install, { cwd: folder, timeout: 120_000 });
    if (run.status !== 0) return undefined;
    writeFileSync(join(folder, "installed"), "");
  }
  const load = createRequire(join(folder, "package.json"));
  const exported = load("@openfeature/open-telemetry-hooks") as StockHooks;
  const names = ["EventHook", "SpanEventHook", "SpanHook", "MetricsHook"];
  return Object.fromEntries(
    names.flatMap((name) => (exported[name] === undefined ? [] : [[name, exported[name]]])),
  );
}
