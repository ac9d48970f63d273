import { metrics } from "@opentelemetry/api";

import type { HubCounts } from "../stream/hub.ts";

/** Control's own figures, through the OpenTelemetry API only: without an SDK they cost next to nothing. */
export interface ControlMetrics {
  /** One event handed to all its streams. */
  fannedOut(set: string, streams: number, seconds: number): void;
  /** A request turned away at the door. */
  rejected(reason: "rate" | "credential" | "scope" | "stream"): void;
  /** A command that was made durable, and how long that took. */
  committed(set: string, seconds: number): void;
  /** A webhook of this vendor that nobody here understood. */
  unknownEvent(vendor: string): void;
  close(): void;
}

/** Registers the instruments. Attributes are sets and reasons only, so that they stay few. */
export function createControlMetrics(read: { hub: () => HubCounts; lag: () => number }): ControlMetrics {
  const meter = metrics.getMeter("@flagspan/control");
  const fanOut = meter.createHistogram("flagspan.control.fan_out.duration", {
    unit: "s",
    description: "Time to hand one event to every stream of a set",
  });
  const told = meter.createCounter("flagspan.control.events", {
    unit: "{event}",
    description: "Events handed to streams",
  });
  const turnedAway = meter.createCounter("flagspan.control.rejected", {
    unit: "{request}",
    description: "Requests refused at the door, by reason",
  });
  const commit = meter.createHistogram("flagspan.control.commit.duration", {
    unit: "s",
    description: "Time to make one write durable",
  });
  const unknown = meter.createCounter("flagspan.control.webhooks.unknown", {
    unit: "{event}",
    description: "Genuine webhooks that could not be made a change of, by vendor",
  });
  const connections = meter.createObservableUpDownCounter("flagspan.control.streams", {
    unit: "{connection}",
    description: "Streams connected",
  });
  const dropped = meter.createObservableCounter("flagspan.control.streams.dropped", {
    unit: "{connection}",
    description: "Streams cut because they read too slowly",
  });
  const lag = meter.createObservableGauge("flagspan.control.event_loop.lag", {
    unit: "s",
    description: "How late the event loop ran last",
  });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const counts = read.hub();
    result.observe(connections, counts.clients);
    result.observe(dropped, counts.dropped);
    result.observe(lag, read.lag());
  };
  const observed = [connections, dropped, lag];
  meter.addBatchObservableCallback(observe, observed);
  return {
    fannedOut(set, streams, seconds) {
      const attributes = { "feature_flag.set.id": set };
      fanOut.record(seconds, attributes);
      told.add(streams, attributes);
    },
    rejected: (reason) => turnedAway.add(1, { reason }),
    committed: (set, seconds) => commit.record(seconds, { "feature_flag.set.id": set }),
    unknownEvent: (vendor) => unknown.add(1, { "feature_flag.provider.name": vendor }),
    close: () => meter.removeBatchObservableCallback(observe, observed),
  };
}
