import { maxPayloadBytes, maxRecords } from "./limits.ts";
import { readLogRecords } from "./json/logs.ts";
import { readMetricPoints } from "./json/metrics.ts";
import { readSpans } from "./json/traces.ts";
import type { Loose } from "./json/values.ts";
import { readObject } from "./json/values.ts";
import { requests } from "./protobuf/messages.ts";
import { readMessage } from "./protobuf/read-message.ts";
import { Reader } from "./protobuf/reader.ts";
import type { DecodeResult, LogRecord, MetricPoint, Span } from "./types.ts";
import { Unreadable } from "./unreadable.ts";

/**
 * Decodes an OTLP/HTTP logs request, already decompressed. `contentType` is the request's header: `application/json` or
 * `application/x-protobuf`. Never throws; refuses payloads over 16 MiB, 100,000 records or 32 levels.
 */
export function decodeLogs(body: Uint8Array, contentType: string): DecodeResult<LogRecord> {
  return decode("logs", readLogRecords, body, contentType);
}

/** Decodes an OTLP/HTTP traces request, as {@link decodeLogs} does logs. */
export function decodeTraces(body: Uint8Array, contentType: string): DecodeResult<Span> {
  return decode("traces", readSpans, body, contentType);
}

/** Decodes an OTLP/HTTP metrics request into its data points, as {@link decodeLogs} does logs. */
export function decodeMetrics(body: Uint8Array, contentType: string): DecodeResult<MetricPoint> {
  return decode("metrics", readMetricPoints, body, contentType);
}

function decode<T>(
  signal: keyof typeof requests,
  read: (request: Loose) => Iterable<T>,
  body: Uint8Array,
  contentType: string,
): DecodeResult<T> {
  if (body.byteLength > maxPayloadBytes)
    return { ok: false, problem: `the payload is over ${maxPayloadBytes} bytes; send smaller batches` };
  try {
    const records: T[] = [];
    for (const record of read(parse(signal, body, contentType))) {
      if (records.length === maxRecords)
        return { ok: false, problem: `the payload has over ${maxRecords} records; send smaller batches` };
      records.push(record);
    }
    return { ok: true, records };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: `OTLP ${signal}: ${error.message}` };
    throw error;
  }
}

function parse(signal: keyof typeof requests, body: Uint8Array, contentType: string): Loose {
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (mediaType === "application/x-protobuf" || mediaType === "application/protobuf")
    return readMessage(new Reader(body), requests[signal]);
  if (mediaType !== "application/json")
    throw new Unreadable(
      `content type "${mediaType}" is neither application/json nor application/x-protobuf`,
    );
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new Unreadable(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (request === null) throw new Unreadable("the request is null");
  return readObject(request, "the request");
}
