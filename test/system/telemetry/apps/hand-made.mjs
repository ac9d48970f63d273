// An app that sets OpenTelemetry up by hand, on whichever line is installed; prints what it exported as one JSON line.
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OpenFeature } from "@openfeature/server-sdk";
import * as sdkLogs from "@opentelemetry/sdk-logs";
import * as sdkMetrics from "@opentelemetry/sdk-metrics";
import { activeFlags, createFlagTelemetry } from "@flagspan/telemetry";

const isThree = process.env.OTEL_LINE === "3";
const sdkTrace = await import(isThree ? "@opentelemetry/sdk-trace" : "@opentelemetry/sdk-trace-base");
const { logs: logsApi } = await import(isThree ? "@opentelemetry/api" : "@opentelemetry/api-logs");

const sent = [];
const telemetry = createFlagTelemetry({
  spanEvents: true,
  subjectKey: "the secret of the set",
  baggage: { allow: ["checkout"] },
  guardEndpoint: "http://guard.test",
  guardHeaders: { authorization: "Bearer key" },
  fetch: async (url, { body, headers }) => {
    sent.push({ url, headers, body: JSON.parse(body) });
    return { ok: true, status: 200 };
  },
});
OpenFeature.addHooks(telemetry.hook);
const details = {
  value: true,
  variant: "on",
  reason: "STATIC",
  flagMetadata: { contextId: "unit-1", rollout: "r/1", rolloutTreatment: "on", rolloutControl: "off" },
};
await OpenFeature.setProviderAndWait({
  metadata: { name: "fixed" },
  resolveBooleanEvaluation: async (flagKey) => {
    const { contextId: _contextId, ...unnamed } = details.flagMetadata;
    return flagKey === "private" ? { ...details, flagMetadata: unnamed } : details;
  },
});
// Before any SDK: nothing may be bound to a no-op for good.
await OpenFeature.getClient().getBooleanValue("checkout", false);

const spanExporter = new sdkTrace.InMemorySpanExporter();
const logExporter = new sdkLogs.InMemoryLogRecordExporter();
const metricExporter = new sdkMetrics.InMemoryMetricExporter(sdkMetrics.AggregationTemporality.CUMULATIVE);
const reader = new sdkMetrics.PeriodicExportingMetricReader({
  exporter: metricExporter,
  exportIntervalMillis: 1e6,
});
const exporting = isThree
  ? new sdkTrace.SimpleSpanProcessor({ exporter: spanExporter })
  : new sdkTrace.SimpleSpanProcessor(spanExporter);
const Provider = isThree ? sdkTrace.TracerProvider : sdkTrace.BasicTracerProvider;
const exportLogs = process.env.OTEL_OLD_LOGS
  ? new sdkLogs.SimpleLogRecordProcessor(logExporter)
  : new sdkLogs.SimpleLogRecordProcessor({ exporter: logExporter });
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
api.trace.setGlobalTracerProvider(new Provider({ spanProcessors: [exporting, telemetry.spanProcessor] }));
const logProcessors = [telemetry.logRecordProcessor, exportLogs];
const loggerProvider = new sdkLogs.LoggerProvider({ processors: logProcessors });
for (const processor of process.env.OTEL_OLD_LOGS ? logProcessors : [])
  loggerProvider.addLogRecordProcessor(processor);
logsApi.setGlobalLoggerProvider(loggerProvider);
api.metrics.setGlobalMeterProvider(new sdkMetrics.MeterProvider({ readers: [reader] }));

const tracer = api.trace.getTracer("app");
const client = OpenFeature.getClient();
let active;
await tracer.startActiveSpan("server", async (server) => {
  tracer.startSpan("before").end();
  await tracer.startActiveSpan("work", async (work) => {
    await client.getBooleanValue("checkout", false);
    active = activeFlags();
    work.end();
  });
  logsApi.getLogger("app").emit({ body: "hello" });
  tracer.startSpan("after").end();
  server.recordException(new TypeError("boom"));
  server.setStatus({ code: api.SpanStatusCode.ERROR });
  server.end();
});
// A second request, for a user whose name must show nowhere.
const carrier = {};
await tracer.startActiveSpan("private", async (server) => {
  await client.getBooleanValue("private", false, {
    targetingKey: process.env.TARGETING_KEY,
    plan: "gold-plan-7731",
  });
  const outgoing = tracer.startSpan("private call", {
    kind: api.SpanKind.CLIENT,
    attributes: { "server.address": "checkout" },
  });
  telemetry.propagator.inject(
    api.trace.setSpan(api.context.active(), outgoing),
    carrier,
    api.defaultTextMapSetter,
  );
  outgoing.end();
  server.setStatus({ code: api.SpanStatusCode.ERROR });
  server.end();
});
await telemetry.shutdown();
await reader.forceFlush();
const isShown = ({ name = "", attributes }) =>
  !name.startsWith("private") && attributes["feature_flag.key"] !== "private";
const points = metricExporter
  .getMetrics()
  .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  .flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes }) => ({ name: descriptor.name, attributes })),
  );
const spans = exportedSpans();
const logs = logExporter.getFinishedLogRecords().map(({ body, attributes }) => ({ body, attributes }));
function exportedSpans() {
  const finished = spanExporter.getFinishedSpans();
  return finished.map(({ name, attributes, events }) => ({ name, attributes, events }));
}
console.log(
  JSON.stringify({
    active,
    spans: Object.fromEntries(spans.filter(isShown).map(({ name, attributes }) => [name, attributes])),
    logs: logs.filter(isShown),
    points: points.filter((point) => isShown({ attributes: point.attributes })),
    sent,
    everything: { spans, logs, points, sent, carrier },
    dropped: [...telemetry.dropped()],
  }),
);
