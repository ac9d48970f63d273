/** How one field is read. `message` fields name their table; `packed` fields are lists of numbers. */
export type Field =
  | { readonly name: string; readonly kind: ScalarKind; readonly repeated?: boolean }
  | {
      readonly name: string;
      readonly kind: "message";
      readonly repeated?: boolean;
      readonly of: () => Message;
    };

/** The scalar kinds that OTLP uses. */
export type ScalarKind = "string" | "hex" | "bool" | "int64" | "uint" | "fixed64" | "sfixed64" | "double";

/** The fields of a message by number: names are those of OTLP/JSON, so that both encodings meet in one shape. */
export type Message = Readonly<Record<number, Field>>;

const one = (name: string, of: () => Message): Field => ({ name, kind: "message", of });
const many = (name: string, of: () => Message): Field => ({ name, kind: "message", repeated: true, of });
const scalar = (name: string, kind: ScalarKind): Field => ({ name, kind });
const list = (name: string, kind: ScalarKind): Field => ({ name, kind, repeated: true });

const arrayValue: Message = { 1: many("values", () => anyValue) };
const keyValueList: Message = { 1: many("values", () => keyValue) };
const anyValue: Message = {
  1: scalar("stringValue", "string"),
  2: scalar("boolValue", "bool"),
  3: scalar("intValue", "int64"),
  4: scalar("doubleValue", "double"),
  5: one("arrayValue", () => arrayValue),
  6: one("kvlistValue", () => keyValueList),
  7: scalar("bytesValue", "hex"),
};
const keyValue: Message = { 1: scalar("key", "string"), 2: one("value", () => anyValue) };
const resource: Message = { 1: many("attributes", () => keyValue) };
const scope: Message = { 1: scalar("name", "string"), 2: scalar("version", "string") };

const logRecord: Message = {
  1: scalar("timeUnixNano", "fixed64"),
  2: scalar("severityNumber", "uint"),
  5: one("body", () => anyValue),
  6: many("attributes", () => keyValue),
  9: scalar("traceId", "hex"),
  10: scalar("spanId", "hex"),
  11: scalar("observedTimeUnixNano", "fixed64"),
  12: scalar("eventName", "string"),
};
const scopeLogs: Message = { 1: one("scope", () => scope), 2: many("logRecords", () => logRecord) };
const resourceLogs: Message = { 1: one("resource", () => resource), 2: many("scopeLogs", () => scopeLogs) };

const spanEvent: Message = {
  1: scalar("timeUnixNano", "fixed64"),
  2: scalar("name", "string"),
  3: many("attributes", () => keyValue),
};
const spanLink: Message = {
  1: scalar("traceId", "hex"),
  2: scalar("spanId", "hex"),
  4: many("attributes", () => keyValue),
};
const status: Message = { 2: scalar("message", "string"), 3: scalar("code", "uint") };
const span: Message = {
  1: scalar("traceId", "hex"),
  2: scalar("spanId", "hex"),
  4: scalar("parentSpanId", "hex"),
  5: scalar("name", "string"),
  6: scalar("kind", "uint"),
  7: scalar("startTimeUnixNano", "fixed64"),
  8: scalar("endTimeUnixNano", "fixed64"),
  9: many("attributes", () => keyValue),
  11: many("events", () => spanEvent),
  13: many("links", () => spanLink),
  15: one("status", () => status),
};
const scopeSpans: Message = { 1: one("scope", () => scope), 2: many("spans", () => span) };
const resourceSpans: Message = {
  1: one("resource", () => resource),
  2: many("scopeSpans", () => scopeSpans),
};

const numberPoint: Message = {
  2: scalar("startTimeUnixNano", "fixed64"),
  3: scalar("timeUnixNano", "fixed64"),
  4: scalar("asDouble", "double"),
  6: scalar("asInt", "sfixed64"),
  7: many("attributes", () => keyValue),
};
const histogramPoint: Message = {
  2: scalar("startTimeUnixNano", "fixed64"),
  3: scalar("timeUnixNano", "fixed64"),
  4: scalar("count", "fixed64"),
  5: scalar("sum", "double"),
  6: list("bucketCounts", "fixed64"),
  7: list("explicitBounds", "double"),
  9: many("attributes", () => keyValue),
};
const exponentialPoint: Message = {
  1: many("attributes", () => keyValue),
  2: scalar("startTimeUnixNano", "fixed64"),
  3: scalar("timeUnixNano", "fixed64"),
  4: scalar("count", "fixed64"),
  5: scalar("sum", "double"),
};
const summaryPoint: Message = {
  2: scalar("startTimeUnixNano", "fixed64"),
  3: scalar("timeUnixNano", "fixed64"),
  4: scalar("count", "fixed64"),
  5: scalar("sum", "double"),
  7: many("attributes", () => keyValue),
};
const series = (point: Message): Message => ({
  1: many("dataPoints", () => point),
  2: scalar("aggregationTemporality", "uint"),
  3: scalar("isMonotonic", "bool"),
});
const gauge = series(numberPoint);
const sum = series(numberPoint);
const histogram = series(histogramPoint);
const exponentialHistogram = series(exponentialPoint);
const summary = series(summaryPoint);
const metric: Message = {
  1: scalar("name", "string"),
  2: scalar("description", "string"),
  3: scalar("unit", "string"),
  5: one("gauge", () => gauge),
  7: one("sum", () => sum),
  9: one("histogram", () => histogram),
  10: one("exponentialHistogram", () => exponentialHistogram),
  11: one("summary", () => summary),
};
const scopeMetrics: Message = { 1: one("scope", () => scope), 2: many("metrics", () => metric) };
const resourceMetrics: Message = {
  1: one("resource", () => resource),
  2: many("scopeMetrics", () => scopeMetrics),
};

/**
 * The three export requests of OTLP 1.x, by signal: only the fields that a decoder reads; the rest is passed over.
 * Numbers are those of opentelemetry-proto v1.
 */
export const requests: Readonly<Record<"logs" | "traces" | "metrics", Message>> = {
  logs: { 1: many("resourceLogs", () => resourceLogs) },
  traces: { 1: many("resourceSpans", () => resourceSpans) },
  metrics: { 1: many("resourceMetrics", () => resourceMetrics) },
};
