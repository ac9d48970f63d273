/** A telemetry attribute value: a scalar or a list of scalars. Nested maps of the wire arrive as their JSON text. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];

/** Attributes by name; names are kept exactly as sent. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The instrumentation scope that made a record. */
export interface Scope {
  readonly name: string;
  readonly version?: string;
}

/** One log record with the resource and scope it came under. Times are milliseconds since the epoch, fractions kept. */
export interface LogRecord {
  readonly resource: Attributes;
  readonly scope: Scope;
  /** The record's event name; where the sender has no such field, its `otel.event.name` or `event.name` attribute. */
  readonly eventName?: string;
  /** When it happened; where the sender left it out, when it was observed. */
  readonly timeUnixMs: number;
  readonly observedUnixMs?: number;
  readonly severityNumber?: number;
  /** The body as text; a structured body is its JSON. */
  readonly body?: string;
  readonly attributes: Attributes;
  /** 32 lower-case hex digits. */
  readonly traceId?: string;
  /** 16 lower-case hex digits. */
  readonly spanId?: string;
}

/** What a span's kind is called in the OpenTelemetry API. */
export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";

/** A span's status; `unset` where the sender said nothing. */
export interface SpanStatus {
  readonly code: "unset" | "ok" | "error";
  readonly message?: string;
}

/** A point in the life of a span. */
export interface SpanEvent {
  readonly name: string;
  readonly timeUnixMs: number;
  readonly attributes: Attributes;
}

/** A pointer from one span to another. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** One span with the resource and scope it came under. Times are milliseconds since the epoch, fractions kept. */
export interface Span {
  readonly resource: Attributes;
  readonly scope: Scope;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startUnixMs: number;
  readonly endUnixMs: number;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** One data point of one metric, with the resource and scope it came under. */
export interface MetricPoint {
  readonly resource: Attributes;
  readonly scope: Scope;
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly kind: "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";
  /** Of sums and histograms. */
  readonly temporality?: "delta" | "cumulative";
  /** Of sums: whether it only rises. */
  readonly monotonic?: boolean;
  readonly attributes: Attributes;
  readonly startUnixMs?: number;
  readonly timeUnixMs: number;
  /** Of gauges and sums. */
  readonly value?: number;
  /** Of histograms and summaries: how many measurements, and their sum. */
  readonly count?: number;
  readonly sum?: number;
  /** Of explicit histograms: the upper bounds, one fewer than there are buckets. */
  readonly bounds?: readonly number[];
  readonly bucketCounts?: readonly number[];
}

/** What a decoder made of a payload: all its records, or one sentence that says where it stopped and why. */
export type DecodeResult<T> =
  | { readonly ok: true; readonly records: readonly T[] }
  | { readonly ok: false; readonly problem: string };
