import type {
  Attributes,
  AttributeValue,
  LogRecord,
  MetricPoint,
  Scope,
  Span,
  SpanKind,
  SpanStatus,
} from "./types.ts";

/**
 * Encodes log records as an OTLP/JSON export request; records that share the same `resource` and `scope` objects are grouped, the
 * order of records within a group is kept.
 */
export function encodeLogs(records: readonly LogRecord[]): string {
  return JSON.stringify({ resourceLogs: group(records, "scopeLogs", "logRecords", writeLogRecord) });
}

/** Encodes spans as an OTLP/JSON export request, grouped as {@link encodeLogs} groups. */
export function encodeTraces(spans: readonly Span[]): string {
  return JSON.stringify({ resourceSpans: group(spans, "scopeSpans", "spans", writeSpan) });
}

/** Encodes sums, gauges and explicit histograms as an OTLP/JSON export request, one metric per data point. */
export function encodeMetrics(points: readonly MetricPoint[]): string {
  return JSON.stringify({ resourceMetrics: group(points, "scopeMetrics", "metrics", writeMetric) });
}

interface Grouped {
  readonly resource: Attributes;
  readonly scope: Scope;
}

function group<T extends Grouped>(
  records: readonly T[],
  scopesName: string,
  recordsName: string,
  write: (record: T) => unknown,
): readonly unknown[] {
  const resources = new Map<Attributes, Map<Scope, unknown[]>>();
  for (const record of records) {
    let scopes = resources.get(record.resource);
    if (scopes === undefined) resources.set(record.resource, (scopes = new Map()));
    const written = scopes.get(record.scope);
    if (written === undefined) scopes.set(record.scope, [write(record)]);
    else written.push(write(record));
  }
  return [...resources].map(([resource, scopes]) => ({
    resource: { attributes: writeAttributes(resource) },
    [scopesName]: [...scopes].map(([scope, written]) => ({ scope, [recordsName]: written })),
  }));
}

function writeLogRecord(record: LogRecord): unknown {
  return {
    timeUnixNano: writeTime(record.timeUnixMs),
    observedTimeUnixNano: writeTime(record.observedUnixMs ?? record.timeUnixMs),
    severityNumber: record.severityNumber,
    eventName: record.eventName,
    body: record.body === undefined ? undefined : { stringValue: record.body },
    attributes: writeAttributes(record.attributes),
    traceId: record.traceId,
    spanId: record.spanId,
  };
}

const kinds: Readonly<Record<SpanKind, number>> = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const codes: Readonly<Record<SpanStatus["code"], number>> = { unset: 0, ok: 1, error: 2 };

function writeSpan(span: Span): unknown {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: writeTime(span.startUnixMs),
    endTimeUnixNano: writeTime(span.endUnixMs),
    attributes: writeAttributes(span.attributes),
    events: span.events.map((event) => ({
      timeUnixNano: writeTime(event.timeUnixMs),
      name: event.name,
      attributes: writeAttributes(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      attributes: writeAttributes(link.attributes),
    })),
    status: { code: codes[span.status.code], message: span.status.message },
  };
}

function writeMetric(point: MetricPoint): unknown {
  const temporality = { delta: 1, cumulative: 2, none: 0 }[point.temporality ?? "none"];
  const base = {
    attributes: writeAttributes(point.attributes),
    startTimeUnixNano: writeTime(point.startUnixMs ?? point.timeUnixMs),
    timeUnixNano: writeTime(point.timeUnixMs),
  };
  const header = { name: point.name, unit: point.unit, description: point.description };
  if (point.kind === "histogram") {
    const dataPoint = {
      ...base,
      count: String(point.count ?? 0),
      sum: point.sum,
      explicitBounds: point.bounds,
      bucketCounts: point.bucketCounts?.map(String),
    };
    return { ...header, histogram: { aggregationTemporality: temporality, dataPoints: [dataPoint] } };
  }
  const dataPoint = { ...base, asDouble: point.value ?? 0 };
  if (point.kind === "gauge") return { ...header, gauge: { dataPoints: [dataPoint] } };
  return {
    ...header,
    sum: {
      aggregationTemporality: temporality,
      isMonotonic: point.monotonic === true,
      dataPoints: [dataPoint],
    },
  };
}

/** Milliseconds as a decimal string of nanoseconds; microseconds survive, which is all a double has left. */
function writeTime(unixMs: number): string {
  return `${Math.round(unixMs * 1000)}000`;
}

function writeAttributes(attributes: Attributes): readonly unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: writeValue(value) }));
}

function writeValue(value: AttributeValue): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(writeValue) } };
}
