import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import type { Attributes, LogRecord, Scope } from "../otlp/index.ts";
import { changeAttributes, changeEventName, type ChangeNaming } from "./attributes.ts";
import { changeIds } from "./ids.ts";

/** Under whose name a change is told. */
export interface ChangeTeller extends ChangeNaming {
  readonly resource: Attributes;
  readonly scope: Scope;
}

/**
 * Turns a change into its log event: the time is when it happened at the source, the body one human sentence, the severity INFO.
 * `otel.event.name` repeats the event name for backends that drop the field.
 */
export function changeToLogRecord(
  change: FlagChange,
  teller: ChangeTeller,
  observedUnixMs: number,
): LogRecord {
  const eventName = changeEventName(teller);
  return {
    resource: teller.resource,
    scope: teller.scope,
    eventName,
    timeUnixMs: Date.parse(change.occurredAt),
    observedUnixMs,
    severityNumber: 9,
    body: describeChange(change),
    attributes: { ...changeAttributes(change, teller), "otel.event.name": eventName },
    ...changeIds(change.id),
  };
}
