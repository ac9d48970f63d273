import {
  decodeLogs,
  decodeMetrics,
  decodeTraces,
  encodeLogs,
  encodeMetrics,
  encodeTraces,
} from "@flagspan/bridge/otlp";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
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
import fc from "fast-check";
import { expect, test } from "vitest";

const json = "application/json; charset=utf-8";
const protobuf = "application/x-protobuf";
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const attributes = {
  text: "ä",
  yes: true,
  whole: 42,
  half: 0.5,
  list: ["a", "b"],
  "feature_flags.dark-mode": "on",
};

/** What a serializer of the real exporters puts on the wire. */
function serialize(
  serializer: { serializeRequest(data: never): Uint8Array | undefined },
  data: unknown,
): Uint8Array {
  return serializer.serializeRequest(data as never) ?? new Uint8Array();
}

/** Our encoding keeps microseconds; the SDK writes nanoseconds. */
function withoutTimes(decoded: unknown): unknown {
  return JSON.parse(
    JSON.stringify(decoded, (key, value: unknown) => (key.endsWith("UnixMs") ? undefined : value)),
  );
}

test("spans of the real SDK read alike from JSON and from protobuf, and survive our own encoding", () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("shop", "1.2.3");
  const link = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  const span = tracer.startSpan("GET /cart", {
    kind: SpanKind.SERVER,
    attributes,
    links: [{ context: link, attributes: { why: "cause" } }],
  });
  span.addEvent("exception", { "exception.type": "Oops" });
  span.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
  span.end();
  const spans = exporter.getFinishedSpans();
  const fromProtobuf = decodeTraces(serialize(ProtobufTraceSerializer, spans), protobuf);
  const fromJson = decodeTraces(serialize(JsonTraceSerializer, spans), json);
  expect(fromProtobuf).toEqual(fromJson);
  expect(fromProtobuf).toMatchObject({
    ok: true,
    records: [
      {
        scope: { name: "shop", version: "1.2.3" },
        name: "GET /cart",
        kind: "server",
        status: { code: "error", message: "no" },
        attributes,
        events: [{ name: "exception", attributes: { "exception.type": "Oops" } }],
        links: [{ traceId: link.traceId, spanId: link.spanId, attributes: { why: "cause" } }],
        traceId: span.spanContext().traceId,
      },
    ],
  });
  const again = decodeTraces(text(encodeTraces(fromJson.ok ? fromJson.records : [])), json);
  expect(withoutTimes(again)).toEqual(withoutTimes(fromJson));
});

test("log records of the real SDK read alike from JSON and from protobuf, and survive our own encoding", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger("shop").emit({
    eventName: "feature_flag.outcome",
    severityNumber: SeverityNumber.INFO,
    body: { nested: [1, "two"] },
    attributes: { ...attributes, map: { deep: 1 } },
    timestamp: 1_769_860_800_123,
  });
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();
  const fromProtobuf = decodeLogs(serialize(ProtobufLogsSerializer, records), protobuf);
  const fromJson = decodeLogs(serialize(JsonLogsSerializer, records), json);
  expect(fromProtobuf).toEqual(fromJson);
  expect(fromProtobuf).toMatchObject({
    records: [
      {
        eventName: "feature_flag.outcome",
        severityNumber: 9,
        timeUnixMs: 1_769_860_800_123,
        body: '{"nested":[1,"two"]}',
        attributes: { ...attributes, map: '{"deep":1}' },
      },
    ],
  });
  const again = decodeLogs(text(encodeLogs(fromJson.ok ? fromJson.records : [])), json);
  expect(again).toEqual(fromJson);
});

test("metrics of the real SDK read alike from JSON and from protobuf, and survive our own encoding", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("shop");
  meter
    .createCounter("feature_flag.evaluations", { unit: "{evaluation}" })
    .add(7, { "feature_flag.key": "dark-mode" });
  meter
    .createHistogram("feature_flag.outcome.duration", {
      unit: "s",
      advice: { explicitBucketBoundaries: [0.1, 1] },
    })
    .record(0.5);
  await reader.forceFlush();
  const [metrics] = exporter.getMetrics();
  await reader.shutdown();
  if (metrics === undefined) throw new Error("the SDK exported nothing");
  const fromProtobuf = decodeMetrics(serialize(ProtobufMetricsSerializer, metrics), protobuf);
  const fromJson = decodeMetrics(serialize(JsonMetricsSerializer, metrics), json);
  expect(fromProtobuf).toEqual(fromJson);
  expect(fromProtobuf).toMatchObject({
    records: [
      {
        name: "feature_flag.evaluations",
        kind: "sum",
        temporality: "delta",
        monotonic: true,
        value: 7,
        attributes: { "feature_flag.key": "dark-mode" },
      },
      {
        name: "feature_flag.outcome.duration",
        kind: "histogram",
        count: 1,
        sum: 0.5,
        bounds: [0.1, 1],
        bucketCounts: [0, 1, 0],
      },
    ],
  });
  const again = decodeMetrics(text(encodeMetrics(fromJson.ok ? fromJson.records : [])), json);
  expect(again).toEqual(fromJson);
});

test.each([
  ["a media type of its own", text("{}"), "text/plain", "neither application/json nor"],
  ["no JSON", text("{"), json, "not JSON"],
  ["a list where an object belongs", text('{"resourceLogs":[[]]}'), json, "resourceLogs[0] is not an object"],
  ["an object where a list belongs", text('{"resourceLogs":{}}'), json, "resourceLogs is not a list"],
  ["a cut message", new Uint8Array([0x0a, 0x05, 0x01]), protobuf, "ends in the middle"],
  ["a number without end", new Uint8Array(12).fill(0xff), protobuf, "has no end"],
  ["a wrong wire type", new Uint8Array([0x08, 0x01]), protobuf, "wire type 0, not 2"],
  ["over 16 MiB", new Uint8Array(16 * 1024 * 1024 + 1), protobuf, "send smaller batches"],
])("%s is refused with the reason", (_, body, contentType, problem) => {
  expect(decodeLogs(body, contentType)).toEqual({
    ok: false,
    problem: expect.stringContaining(problem) as string,
  });
});

test("values nested deeper than 32 levels are refused, in both encodings", () => {
  let value = '{"stringValue":"x"}';
  for (let depth = 0; depth < 40; depth += 1) value = `{"arrayValue":{"values":[${value}]}}`;
  const body = text(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}}]}]}]}`);
  expect(decodeLogs(body, json)).toMatchObject({
    ok: false,
    problem: expect.stringContaining("deeper than 32") as string,
  });
  let bytes: number[] = [];
  for (let depth = 0; depth < 60; depth += 1)
    bytes = [depth % 2 === 0 ? 0x2a : 0x0a, bytes.length, ...bytes].slice(0, 127);
  expect(decodeLogs(new Uint8Array([0x0a, bytes.length, ...bytes]), protobuf).ok).toBeTypeOf("boolean");
});

test("no bytes make a decoder throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decode of [decodeLogs, decodeTraces, decodeMetrics])
        expect(decode(bytes, protobuf)).toHaveProperty("ok");
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const body = text(
        JSON.stringify({ resourceLogs: value, resourceSpans: value, resourceMetrics: value }),
      );
      for (const decode of [decodeLogs, decodeTraces, decodeMetrics])
        expect(decode(body, json)).toHaveProperty("ok");
    }),
    { numRuns: 200 },
  );
});

test("attribute names such as __proto__ are names", () => {
  const body = text(
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"__proto__","value":{"stringValue":"x"}}]}]}]}]}',
  );
  const decoded = decodeLogs(body, json);
  const read = decoded.ok ? decoded.records[0]?.attributes : undefined;
  expect(Object.entries(read ?? {})).toEqual([["__proto__", "x"]]);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});
