import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import { createRequestSink, fit, postJson, servicesOf, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which Dynatrace environment. */
export interface DynatraceSinkOptions extends RequestSinkOptions {
  /** `https://<environment>.live.dynatrace.com`. */
  readonly url: string;
  /** An API token with scope `events.ingest`; it goes in a header, never in the URL. */
  readonly token: string;
}

/** The backend takes informational events of the last 30 days. */
const maxAgeMs = 30 * 24 * 3_600_000;

/** Creates a sink of Dynatrace events (Events API v2, `CUSTOM_CONFIGURATION`): one for each service of the flag, or one for the environment. */
export function dynatraceSink(options: DynatraceSinkOptions): Sink {
  const url = `${options.url.replace(/\/+$/, "")}/api/v2/events/ingest`;
  const headers = { authorization: `Api-Token ${options.token}` };
  return createRequestSink(options, {
    defaultName: "dynatrace",
    maxAgeMs,
    render(change) {
      const services = servicesOf(options, change);
      const selectors = services.map(
        (name) => `type(SERVICE),entityName.equals("${name.replaceAll(/["\\~]/g, "~$&")}")`,
      );
      return (selectors.length === 0 ? [undefined] : selectors).map((selector) =>
        postJson(url, headers, writeEvent(change, selector)),
      );
    },
  });
}

function writeEvent(change: FlagChange, entitySelector: string | undefined): unknown {
  const at = Date.parse(change.occurredAt);
  const properties = {
    "feature_flag.key": change.flagKey,
    "feature_flag.set.id": change.flagSetId,
    "feature_flag.version": change.revision,
    "feature_flag.change.id": change.id,
    "feature_flag.change.action": change.action,
    "feature_flag.change.source": change.source,
    "feature_flag.change.reason": change.reason,
    "feature_flag.change.actor.id": change.actor.id,
    "feature_flag.change.actor.type": change.actor.type,
    "feature_flag.change.url": change.url,
    "dt.event.description": describeChange(change),
  };
  return {
    eventType: "CUSTOM_CONFIGURATION",
    title: fit(`Feature flag ${change.flagKey} ${change.action}`, 500),
    startTime: at,
    endTime: at,
    ...(entitySelector === undefined ? {} : { entitySelector }),
    properties: Object.fromEntries(
      Object.entries(properties).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, fit(value, 4096)]],
      ),
    ),
  };
}
