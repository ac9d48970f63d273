import { statusError } from "../otel/sdk-shapes.ts";
import type { SdkSpanState } from "../otel/sdk-shapes.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { LiveSpan } from "../scope/live-spans.ts";

/** The most different failures told apart in one scope; more are treated as seen. */
const maxFailures = 32;

/**
 * Keeps, per scope, when something first went wrong, counted in evaluations rather than in milliseconds (two clocks and
 * one millisecond cannot order "threw" and "then read a flag"). One exception that is recorded on several spans, or
 * fails its parents one after the other, is one failure, at the time it was first seen.
 */
export function noteSpanFailures(live: LiveSpan, span: SdkSpanState): void {
  const { events } = span;
  if (events !== undefined) {
    for (let index = live.eventsSeen; index < events.length; index += 1) {
      const event = events[index];
      if (event?.name === "exception") noteException(live, event.attributes);
    }
    live.eventsSeen = events.length;
  }
  if (span.status?.code === statusError && live.failedAt < 0) {
    noteFailure(live.scope, undefined, undefined);
    markFailed(live, live.scope.order);
  }
}

/** Looks at the active span and the open ones above it: what has failed before this moment. */
export function noteOpenFailures(live: LiveSpan | undefined): void {
  for (let open = live; open !== undefined; open = open.parent) {
    if (open.span !== undefined) noteSpanFailures(open, open.span);
  }
}

/** An exception that reached a log record. Records without `exception.*` are no evidence: an error log may be a habit. */
export function noteLoggedException(
  scope: FlagScope,
  attributes: Readonly<Record<string, unknown>> | undefined,
): void {
  const identity = exceptionIdentity(attributes);
  if (identity !== undefined) noteFailure(scope, identity, textOf(attributes?.["exception.type"]));
}

/** A failure nobody recorded on a span: an uncaught exception. */
export function noteUncaught(scope: FlagScope, errorType: string): void {
  noteFailure(scope, undefined, errorType);
}

function noteException(live: LiveSpan, attributes: Readonly<Record<string, unknown>> | undefined): void {
  noteFailure(live.scope, exceptionIdentity(attributes), textOf(attributes?.["exception.type"]));
  markFailed(live, live.scope.failures?.lastOrder ?? live.scope.order);
}

function markFailed(live: LiveSpan, order: number): void {
  for (
    let above: LiveSpan | undefined = live;
    above !== undefined && above.failedAt < 0;
    above = above.parent
  ) {
    above.failedAt = order;
  }
}

function noteFailure(scope: FlagScope, identity: string | undefined, type: string | undefined): void {
  const failures = (scope.failures ??= { seen: new Set<string>(), lastOrder: -1, type: undefined });
  if (identity !== undefined) {
    if (failures.seen.has(identity) || failures.seen.size >= maxFailures) return;
    failures.seen.add(identity);
  }
  failures.lastOrder = scope.order;
  failures.type = type ?? failures.type;
}

function exceptionIdentity(attributes: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const type = textOf(attributes?.["exception.type"]);
  const message = textOf(attributes?.["exception.message"]);
  return type === undefined && message === undefined ? undefined : `${type ?? ""}: ${message ?? ""}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
