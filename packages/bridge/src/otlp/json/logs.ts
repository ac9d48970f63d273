import type { LogRecord } from "../types.ts";
import {
  readAttributes,
  readBody,
  readId,
  readList,
  readNumber,
  readResource,
  readScope,
  readText,
  readTimeMs,
} from "./values.ts";
import type { Loose } from "./values.ts";

/** Reads the log records of an export request in OTLP/JSON's shape. */
export function* readLogRecords(request: Loose): Generator<LogRecord> {
  for (const [r, ofResource] of readList(request["resourceLogs"], "resourceLogs").entries()) {
    const resource = readResource(ofResource["resource"], `resourceLogs[${r}].resource`);
    for (const [s, ofScope] of readList(ofResource["scopeLogs"], `resourceLogs[${r}].scopeLogs`).entries()) {
      const at = `resourceLogs[${r}].scopeLogs[${s}]`;
      const scope = readScope(ofScope["scope"], `${at}.scope`);
      for (const record of readList(ofScope["logRecords"], `${at}.logRecords`)) {
        const attributes = readAttributes(record["attributes"], `${at}.logRecords.attributes`);
        const observedUnixMs = readTimeMs(record["observedTimeUnixNano"]);
        const eventName =
          readText(record["eventName"]) ??
          readText(attributes["otel.event.name"]) ??
          readText(attributes["event.name"]);
        const severityNumber = readNumber(record["severityNumber"]);
        const body = readBody(record["body"]);
        const traceId = readId(record["traceId"], 32);
        const spanId = readId(record["spanId"], 16);
        yield {
          resource,
          scope,
          ...(eventName === undefined ? {} : { eventName }),
          timeUnixMs: readTimeMs(record["timeUnixNano"]) ?? observedUnixMs ?? 0,
          ...(observedUnixMs === undefined ? {} : { observedUnixMs }),
          ...(severityNumber === undefined ? {} : { severityNumber }),
          ...(body === undefined ? {} : { body }),
          attributes,
          ...(traceId === undefined ? {} : { traceId }),
          ...(spanId === undefined ? {} : { spanId }),
        };
      }
    }
  }
}
