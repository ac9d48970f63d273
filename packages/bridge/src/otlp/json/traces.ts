import type { Span, SpanKind, SpanStatus } from "../types.ts";
import {
  readAttributes,
  readId,
  readList,
  readNumber,
  readObject,
  readResource,
  readScope,
  readText,
  readTimeMs,
} from "./values.ts";
import type { Loose } from "./values.ts";

const kinds: readonly SpanKind[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const codes: readonly SpanStatus["code"][] = ["unset", "ok", "error"];

/** Reads the spans of an export request in OTLP/JSON's shape. A span without valid ids keeps empty ones. */
export function* readSpans(request: Loose): Generator<Span> {
  for (const [r, ofResource] of readList(request["resourceSpans"], "resourceSpans").entries()) {
    const resource = readResource(ofResource["resource"], `resourceSpans[${r}].resource`);
    for (const [s, ofScope] of readList(
      ofResource["scopeSpans"],
      `resourceSpans[${r}].scopeSpans`,
    ).entries()) {
      const at = `resourceSpans[${r}].scopeSpans[${s}]`;
      const scope = readScope(ofScope["scope"], `${at}.scope`);
      for (const span of readList(ofScope["spans"], `${at}.spans`)) {
        const startUnixMs = readTimeMs(span["startTimeUnixNano"]) ?? 0;
        const parentSpanId = readId(span["parentSpanId"], 16);
        yield {
          resource,
          scope,
          traceId: readId(span["traceId"], 32) ?? "",
          spanId: readId(span["spanId"], 16) ?? "",
          ...(parentSpanId === undefined ? {} : { parentSpanId }),
          name: readText(span["name"]) ?? "",
          kind: kinds[readNumber(span["kind"]) ?? 0] ?? "unspecified",
          startUnixMs,
          endUnixMs: readTimeMs(span["endTimeUnixNano"]) ?? startUnixMs,
          status: readStatus(span["status"], `${at}.spans.status`),
          attributes: readAttributes(span["attributes"], `${at}.spans.attributes`),
          events: readList(span["events"], `${at}.spans.events`).map((event) => ({
            name: readText(event["name"]) ?? "",
            timeUnixMs: readTimeMs(event["timeUnixNano"]) ?? 0,
            attributes: readAttributes(event["attributes"], `${at}.spans.events.attributes`),
          })),
          links: readList(span["links"], `${at}.spans.links`).map((link) => ({
            traceId: readId(link["traceId"], 32) ?? "",
            spanId: readId(link["spanId"], 16) ?? "",
            attributes: readAttributes(link["attributes"], `${at}.spans.links.attributes`),
          })),
        };
      }
    }
  }
}

function readStatus(value: unknown, where: string): SpanStatus {
  const status = readObject(value, where);
  const message = readText(status["message"]);
  return {
    code: codes[readNumber(status["code"]) ?? 0] ?? "unset",
    ...(message === undefined ? {} : { message }),
  };
}
