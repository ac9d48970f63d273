import { metrics } from "@opentelemetry/api";
import type { Attributes, Histogram, MeterProvider } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import { hasMeterProvider } from "../otel/global-loggers.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { EvaluationCounts } from "./evaluation-counts.ts";

/** What the instruments are made of. */
export interface InstrumentParts {
  readonly names: AttributeNames;
  readonly drops: DropCounts;
  readonly counts: EvaluationCounts;
  readonly scopeName: string;
  readonly scopeVersion: string;
  /** Set by hand, else the global one as soon as an SDK has registered it. */
  readonly meterProvider?: MeterProvider | undefined;
}

/** Seconds; the conventions' bounds for HTTP durations. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * `feature_flag.evaluations`, `feature_flag.telemetry.dropped` and `feature_flag.outcome.duration`. The counters are
 * observed from plain numbers. Instruments are made when a meter provider is there: OpenTelemetry JS 1.9's API hands
 * out no-op meters before, which stay no-ops.
 */
export class Instruments {
  readonly #parts: InstrumentParts;
  #bound = false;
  #duration: Histogram | undefined;

  constructor(parts: InstrumentParts) {
    this.#parts = parts;
  }

  /** Makes the instruments, once a meter provider is there; one field read after that. A broken one is tried once. */
  bind(): void {
    if (this.#bound) return;
    if (this.#parts.meterProvider === undefined && !hasMeterProvider()) return;
    this.#bound = true;
    try {
      this.#create();
    } catch {
      this.#parts.drops.count("metrics_error");
    }
  }

  #create(): void {
    const { meterProvider, names, counts, drops } = this.#parts;
    const meter = (meterProvider ?? metrics.getMeterProvider()).getMeter(
      this.#parts.scopeName,
      this.#parts.scopeVersion,
    );
    this.#duration = meter.createHistogram(names.outcomeDuration, {
      description: "Time from a watched flag's evaluation to the end of the request, by arm and stage.",
      unit: "s",
      advice: { explicitBucketBoundaries: durationBounds },
    });
    meter
      .createObservableCounter(names.evaluations, {
        description: "Feature flag evaluations.",
        unit: "{evaluation}",
      })
      .addCallback((result) => {
        for (const series of counts.read()) {
          const attributes: Attributes = { [names.key]: series.key, [names.reason]: series.reason };
          if (series.variant !== undefined) attributes[names.variant] = series.variant;
          if (series.errorType !== undefined) attributes[names.errorType] = series.errorType;
          result.observe(series.count, attributes);
        }
      });
    meter
      .createObservableCounter(names.dropped, {
        description: "What the flag telemetry gave up to stay within its budgets.",
        unit: "{item}",
      })
      .addCallback((result) => {
        for (const [reason, count] of drops.read()) result.observe(count, { reason });
      });
  }

  /** Records one request's duration for one watched flag. */
  recordDuration(entry: FlagEntry, seconds: number, outcome: "ok" | "error"): void {
    const { names } = this.#parts;
    if (entry.watch === undefined) return;
    this.#duration?.record(seconds, {
      [names.key]: entry.key,
      [names.variant]: entry.variant,
      [names.rolloutId]: entry.watch.rolloutId,
      [names.rolloutStage]: entry.watch.stage,
      [names.rolloutArm]: entry.watch.arm,
      [names.outcome]: outcome,
    });
  }
}
