import type { Failure } from "../../sync/failure.ts";
import type { Clock } from "../../sync/clock.ts";
import type { Layer, SourceUpdate } from "../../source/source.ts";
import { findLogger, findMeter, type MeterLike } from "./otel-api.ts";

/** What a provider reports about its sync, through the OpenTelemetry API. Nothing here throws. */
export interface SyncTelemetry {
  /** A ruleset was swapped in. */
  applied(update: SourceUpdate): void;
  /** The link became good or was lost. */
  link(good: boolean): void;
  failed(failure: Failure): void;
  close(): void;
}

/** Attribute limit on the metric: a ruleset has one set, a process a few. */
function setAttributes(layer: Layer | undefined): Readonly<Record<string, string>> {
  const id = layer?.flagSetId ?? layer?.ruleset.metadata["flagSetId"];
  return id === undefined ? {} : { "feature_flag.set.id": String(id) };
}

interface Instruments {
  readonly propagation: ReturnType<MeterLike["createHistogram"]>;
  readonly failures: ReturnType<MeterLike["createCounter"]>;
  readonly age: ReturnType<MeterLike["createObservableGauge"]>;
}

/** Creates the reporter of one provider. Meter and logger are looked up when there is something to say, so that an SDK registered later is still heard. */
export function createSyncTelemetry(instance: string, clock: Clock): SyncTelemetry {
  let instruments: Instruments | undefined;
  let layers: readonly Layer[] = [];
  let freshAtMs = clock.monotonic();
  let up = false;

  const observeAge = (result: {
    observe(value: number, attributes?: Readonly<Record<string, string>>): void;
  }): void => {
    for (const layer of layers)
      result.observe(up ? 0 : (clock.monotonic() - freshAtMs) / 1000, setAttributes(layer));
  };

  function meter(): Instruments | undefined {
    if (instruments !== undefined) return instruments;
    const found = findMeter();
    if (found === undefined) return undefined;
    instruments = {
      propagation: found.createHistogram("feature_flag.propagation.duration", {
        unit: "s",
        description: "From a flag's change to its first use here",
      }),
      failures: found.createCounter("feature_flag.sync.failures", {
        unit: "{failure}",
        description: "Attempts to follow the ruleset that failed",
      }),
      age: found.createObservableGauge("feature_flag.ruleset.age", {
        unit: "s",
        description: "Time since the ruleset was last known to be current",
      }),
    };
    instruments.age.addCallback(observeAge);
    return instruments;
  }

  /** Telemetry of others may throw; evaluation and sync must not notice (law 6). */
  function safely(report: () => void): void {
    try {
      report();
    } catch {
      instruments = undefined;
    }
  }

  function reportChange(update: SourceUpdate, change: SourceUpdate["changes"][number]): void {
    const layer =
      update.layers.findLast(({ ruleset }) => ruleset.flags.has(change.flagKey)) ?? update.layers.at(-1);
    const set = setAttributes(layer);
    const durationS = Math.max(0, clock.now() - change.occurredAtMs) / 1000;
    meter()?.propagation.record(durationS, set);
    findLogger()?.emit({
      eventName: "feature_flag.applied",
      severityNumber: 9,
      timestamp: clock.now(),
      body: `${instance} applied a change of flag ${change.flagKey}, ${durationS} s after it was made`,
      attributes: {
        "otel.event.name": "feature_flag.applied",
        "feature_flag.key": change.flagKey,
        ...set,
        "feature_flag.version": layer?.revision ?? "",
        "feature_flag.change.id": change.id,
        "service.instance.id": instance,
        "feature_flag.propagation.duration": durationS,
      },
    });
  }

  return {
    applied: (update) => {
      layers = update.layers;
      safely(() => {
        meter();
        for (const change of update.changes) reportChange(update, change);
      });
    },
    link: (good) => {
      if (up) freshAtMs = clock.monotonic();
      up = good;
    },
    failed: (failure) => {
      const type = failure.status === undefined ? failure.kind : String(failure.status);
      safely(() => meter()?.failures.add(1, { ...setAttributes(layers[0]), "error.type": type }));
    },
    close: () => {
      safely(() => instruments?.age.removeCallback(observeAge));
    },
  };
}
