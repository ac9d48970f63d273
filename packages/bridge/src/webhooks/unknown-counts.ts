import { metrics } from "@opentelemetry/api";
import type { UnknownEvent } from "./unknown-event.ts";

/** How many unknown events there were since the start, by vendor and kind, and the last of them. */
export interface UnknownReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly last: readonly UnknownEvent[];
}

/** Counts unknown events, for OpenTelemetry and for whoever asks. */
export interface UnknownCounts {
  add(event: UnknownEvent): void;
  report(): UnknownReport;
}

const mostLast = 100;
const mostKinds = 500;

/**
 * Creates the counts. The counter is `flagspan.bridge.webhooks.unknown` by `flagspan.webhook.vendor` and `flagspan.webhook.kind`; kinds are
 * the senders' words, so only the first 500 are told apart.
 */
export function createUnknownCounts(): UnknownCounts {
  const counter = metrics.getMeter("@flagspan/bridge").createCounter("flagspan.bridge.webhooks.unknown", {
    unit: "{event}",
    description: "Webhook events that mean no change or alert",
  });
  const counts = new Map<string, number>();
  const last: UnknownEvent[] = [];
  return {
    add(event): void {
      const own = `${event.vendor}: ${event.kind}`;
      const isTold = counts.has(own) || counts.size < mostKinds;
      const name = isTold ? own : `${event.vendor}: other`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      counter.add(1, {
        "flagspan.webhook.vendor": event.vendor,
        "flagspan.webhook.kind": isTold ? event.kind : "other",
      });
      last.push(event);
      if (last.length > mostLast) last.shift();
    },
    report: () => ({ counts: Object.fromEntries(counts), last: [...last] }),
  };
}
