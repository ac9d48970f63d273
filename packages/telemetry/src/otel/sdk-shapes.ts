import type { Context, SpanContext } from "@opentelemetry/api";

/**
 * The parts of the OpenTelemetry SDK this package touches, as shapes: no SDK is imported, so 2.x and 3.x both fit.
 * Members with an underscore are the SDK's own fields: read, never written, each with a fallback.
 */
export interface SdkSpan {
  spanContext(): SpanContext;
  setAttribute(key: string, value: string | boolean | number | string[]): unknown;
}

/** What can be read from an SDK span, open or ended. */
export interface SdkSpanState {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly code?: unknown };
  readonly events?: readonly {
    readonly name?: unknown;
    readonly attributes?: Readonly<Record<string, unknown>>;
  }[];
  readonly resource?: { readonly attributes?: Readonly<Record<string, unknown>> };
  readonly _attributesCount?: unknown;
  readonly _spanLimits?: {
    readonly attributeCountLimit?: unknown;
    readonly attributeValueLengthLimit?: unknown;
  };
  readonly _spanProcessor?: { readonly onEnding?: unknown };
}

/** A span processor for `spanProcessors` of NodeSDK, of `TracerProvider` (3.x) and of `BasicTracerProvider` (2.x). */
export interface FlagSpanProcessor {
  onStart(span: SdkSpan, parentContext: Context): void;
  onEnding(span: SdkSpan): void;
  onEnd(span: { spanContext(): SpanContext }): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What is used of an SDK log record. */
export interface SdkLogRecord {
  setAttribute(key: string, value: string | boolean | number | string[]): unknown;
}

/** What can be read from an SDK log record. */
export interface SdkLogRecordState {
  readonly spanContext?: SpanContext;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly _attributesCount?: unknown;
  readonly _logRecordLimits?: { readonly attributeCountLimit?: unknown };
}

/** A log record processor for `logRecordProcessors`; it must stand before the exporting one. */
export interface FlagLogRecordProcessor {
  onEmit(record: SdkLogRecord, ctx?: Context): void;
  /** Always false: it wants no record for itself. The SDK asks whether any processor does, and takes silence for a yes. */
  enabled(): boolean;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** `SpanStatusCode.ERROR`. */
export const statusError = 2;

/** `SpanKind.CLIENT` and `SpanKind.PRODUCER`: spans whose `server.address` is somebody else's. */
export const outgoingKinds: ReadonlySet<unknown> = new Set([2, 3]);
