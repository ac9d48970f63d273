import { ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { FastLaneEvent } from "../fast-lane/otlp-json.ts";
import { findLoggerProvider } from "./global-loggers.ts";
import type { LoggerProviderLike } from "./global-loggers.ts";
import { scopeName, scopeVersion } from "./instrumentation-scope.ts";

/** Emits a fast-lane event as a log record of the app's own pipeline; answers whether there was a logger. */
export function emitThroughLogger(event: FastLaneEvent, given: LoggerProviderLike | undefined): boolean {
  const logger = (given ?? findLoggerProvider())?.getLogger(scopeName, scopeVersion);
  if (logger === undefined) return false;
  const attributes: Record<string, string | number | boolean | string[]> = {};
  for (const [name, value] of Object.entries(event.attributes)) {
    if (value !== undefined) attributes[name] = typeof value === "object" ? [...value] : value;
  }
  logger.emit({ eventName: event.eventName, severityNumber: 9, attributes, context: contextOf(event) });
  return true;
}

function contextOf({ traceId, spanId }: FastLaneEvent): Context {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
}
