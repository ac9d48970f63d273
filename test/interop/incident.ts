import { SpanKind, SpanStatusCode, type Attributes } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** What was sent, to be found again. */
export interface Sent {
  readonly requests: Readonly<Record<"on" | "off", number>>;
  readonly errors: Readonly<Record<"on" | "off", number>>;
  /** Log records under each variant. */
  readonly logs: Readonly<Record<"on" | "off", number>>;
  readonly outcomes: number;
}

const flag = "dark-mode";
const rollout = { "feature_flag.rollout.id": "r1", "feature_flag.rollout.stage": "2" };

/**
 * Plays the Dark Mode incident with the real OpenTelemetry SDK: requests under both variants of which half of the treated ones fail,
 * their log records, the metrics that telemetry records for them, and the outcome events for the guard. Posts everything as protobuf.
 */
export async function playIncident(endpoint: string): Promise<Sent> {
  const spanExporter = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter)],
  }).getTracer("shop");
  const logExporter = new InMemoryLogRecordExporter();
  const loggers = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: logExporter })],
  });
  const logger = loggers.getLogger("shop");
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("shop");
  const duration = meter.createHistogram("feature_flag.outcome.duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [0.1, 0.5, 1] },
  });
  const evaluations = meter.createCounter("feature_flag.evaluations", { unit: "{evaluation}" });
  meter
    .createObservableGauge("feature_flag.ruleset.age", { unit: "s" })
    .addCallback((result) => result.observe(2));
  const propagation = meter.createHistogram("feature_flag.propagation.duration", { unit: "s" });
  const failures = meter.createCounter("feature_flag.sync.failures");

  const requests = { on: 0, off: 0 };
  const errors = { on: 0, off: 0 };
  let outcomes = 0;
  // Two rounds, some seconds apart, since a rate needs two points.
  for (const [round, count] of [40, 60].entries()) {
    for (let index = 0; index < count; index += 1) {
      const variant = index % 2 === 0 ? "on" : "off";
      const isBad = variant === "on" && index % 4 === 0;
      const arm = { ...rollout, "feature_flag.rollout.arm": variant === "on" ? "treatment" : "control" };
      const tags: Attributes = { [`feature_flags.${flag}`]: variant, ...arm };
      const span = tracer.startSpan("POST /checkout", { kind: SpanKind.SERVER, attributes: tags });
      if (isBad) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      logger.emit({
        // Loki keeps lines of one stream, one time and one text once.
        body: `checkout ${round}-${index} ${isBad ? "failed" : "done"}`,
        severityNumber: isBad ? SeverityNumber.ERROR : SeverityNumber.INFO,
        attributes: tags,
      });
      const result = { "feature_flag.key": flag, "feature_flag.result.variant": variant };
      duration.record(isBad ? 0.7 : 0.05, {
        ...result,
        ...arm,
        "feature_flag.outcome": isBad ? "error" : "ok",
      });
      evaluations.add(1, { ...result, "feature_flag.result.reason": "SPLIT" });
      requests[variant] += 1;
      if (!isBad) continue;
      errors[variant] += 1;
      outcomes += 1;
      logger.emit({
        eventName: "feature_flag.outcome",
        body: "a bad outcome",
        attributes: {
          ...result,
          ...arm,
          "feature_flag.context.id": `u${round}-${index}`,
          "feature_flag.outcome.kind": "error",
          "feature_flag.outcome.source": "server",
          "otel.event.name": "feature_flag.outcome",
        },
      });
    }
    propagation.record(0.03);
    failures.add(round);
    await loggers.forceFlush();
    await reader.forceFlush();
    const metrics = metricExporter.getMetrics().at(-1);
    if (metrics === undefined) throw new Error("the SDK exported no metrics");
    await post(endpoint, "traces", serialize(ProtobufTraceSerializer, spanExporter.getFinishedSpans()));
    await post(endpoint, "logs", serialize(ProtobufLogsSerializer, logExporter.getFinishedLogRecords()));
    await post(endpoint, "metrics", serialize(ProtobufMetricsSerializer, metrics));
    spanExporter.reset();
    logExporter.reset();
    if (round === 0) await new Promise((resolve) => setTimeout(resolve, 5000));
  }
  await reader.shutdown();
  return { requests, errors, logs: requests, outcomes };
}

async function post(endpoint: string, signal: string, body: Uint8Array): Promise<void> {
  const response = await fetch(`${endpoint}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: Buffer.from(body),
  });
  if (!response.ok) throw new Error(`the collector answered ${response.status} to ${signal}`);
}

/** What a serializer of the real exporters puts on the wire. */
function serialize(
  serializer: { serializeRequest(data: never): Uint8Array | undefined },
  data: unknown,
): Uint8Array {
  return serializer.serializeRequest(data as never) ?? new Uint8Array();
}
