import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import type { Span, SpanLink } from "../otlp/index.ts";
import { changeAttributes, changeEventName } from "./attributes.ts";
import { changeIds } from "./ids.ts";
import type { ChangeTeller } from "./log-record.ts";

/** Turns a change into a span of no length in a trace of its own, linked to the request that caused it. */
export function changeToSpan(change: FlagChange, teller: ChangeTeller): Span {
  const at = Date.parse(change.occurredAt);
  const link = readTraceparent(change.traceparent);
  return {
    resource: teller.resource,
    scope: teller.scope,
    ...changeIds(change.id),
    name: changeEventName(teller),
    kind: "internal",
    startUnixMs: at,
    endUnixMs: at,
    status: { code: "unset" },
    attributes: { ...changeAttributes(change, teller), "otel.event.name": changeEventName(teller) },
    events: [{ name: describeChange(change), timeUnixMs: at, attributes: {} }],
    links: link === undefined ? [] : [link],
  };
}

function readTraceparent(traceparent: string | undefined): SpanLink | undefined {
  const match = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(traceparent ?? "");
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { traceId: match[1], spanId: match[2], attributes: {} };
}
