export { decodeLogs, decodeMetrics, decodeTraces } from "./decode.ts";
export { encodeLogs, encodeMetrics, encodeTraces } from "./encode.ts";
export type {
  Attributes,
  AttributeValue,
  DecodeResult,
  LogRecord,
  MetricPoint,
  Scope,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanStatus,
} from "./types.ts";
