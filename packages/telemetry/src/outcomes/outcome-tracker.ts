import type { DropCounts } from "../health/drop-counts.ts";
import type { FastLaneEvent } from "../fast-lane/otlp-json.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import type { Clock } from "../otel/clock.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { WatchedArm } from "../scope/watched-arm.ts";
import { StageExposures } from "./exposures.ts";
import { UnitMemory } from "./unit-memory.ts";

/** Where an outcome was seen. Only `server` may lead to a kill. */
export type OutcomeSource = "server" | "browser" | "track";

/** What the tracker is made of. */
export interface OutcomeParts {
  readonly names: AttributeNames;
  readonly clock: Clock;
  readonly drops: DropCounts;
  readonly source: OutcomeSource;
  /** The most units remembered per flag and stage. */
  readonly maxUnits: number;
  /** Takes an event for sending; called from the app's path, so it must only queue. */
  readonly queue: (event: FastLaneEvent) => void;
}

/** The end of a request, as far as outcomes care. */
export interface OutcomeTrace {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
}

const exposedBit = 1;
const errorBit = 2;
const firstSlowBit = 4;

/** The most flags and stages tracked at a time; the oldest stage makes room. */
const maxStages = 64;
/** Bad outcomes without a unit reported per flag, stage, kind and flush: they only alert, and must not flood. */
const maxWithoutUnit = 20;
/** Failures under strangers' claims reported per flush, whatever they claim: likewise. */
const maxClaims = 20;

interface Stage {
  readonly flagKey: string;
  readonly units: UnitMemory;
  readonly exposures: StageExposures;
  readonly withoutUnit: Map<string, number>;
}

/**
 * Counts units, not requests: a unit's exposure once, its first bad outcome once per flag, stage and kind
 * (DESIGN §4.6 "Outcomes"). Requests of one user are not independent; counting them makes false alarms.
 */
export class OutcomeTracker {
  readonly #parts: OutcomeParts;
  readonly #stages = new Map<string, Stage>();
  /** The same by arm, which is one object per flag and arm: spares putting a name together on each evaluation. */
  readonly #byArm = new Map<WatchedArm, Stage>();
  #claims = 0;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
  }

  /** Takes in an exposure; answers whether it is the unit's first to this flag and stage here. */
  expose(
    flagKey: string,
    variant: string,
    watch: WatchedArm,
    unit: string | undefined,
    setId: string | undefined,
  ): boolean {
    const stage = this.#stageOf(flagKey, watch);
    if (unit !== undefined && stage.units.add(unit, exposedBit) === 0) return false;
    stage.exposures.add(watch, variant, setId, unit);
    return unit !== undefined;
  }

  /**
   * Reports a unit's failure after exposure, if it is its first. A claim is nobody's exposure: it is reported as what it
   * is worth, `source` = `browser`, and remembered nowhere, so that strangers displace nothing.
   */
  failed(entry: FlagEntry, errorType: string, trace: OutcomeTrace): void {
    if (entry.claim === undefined) this.#report(entry, errorBit, "error", undefined, errorType, trace);
    else if (this.#claims >= maxClaims) this.#parts.drops.count("outcome_without_unit");
    else {
      this.#claims += 1;
      this.#queueOutcome(entry, entry.claim, "browser", "error", undefined, errorType, trace);
    }
  }

  /** Judges the time from the evaluation to the end of the unit's first request against each bound. */
  took(entry: FlagEntry, durationMs: number, trace: OutcomeTrace): void {
    if (!entry.firstExposure || entry.watch === undefined) return;
    entry.watch.slowMs.forEach((boundMs, index) => {
      if (durationMs > boundMs) this.#report(entry, firstSlowBit << index, "slow", boundMs, undefined, trace);
    });
  }

  /** Queues one `feature_flag.exposures` event per flag, stage and arm with news, and lets the per-flush limits go. */
  flushExposures(): void {
    this.#claims = 0;
    for (const stage of this.#stages.values()) {
      stage.withoutUnit.clear();
      this.#queueExposures(stage);
    }
  }

  #queueExposures(stage: Stage): void {
    const { names, clock, queue, source } = this.#parts;
    for (const batch of stage.exposures.take()) {
      queue({
        eventName: names.exposuresEvent,
        timeUnixMs: clock.nowMs(),
        attributes: {
          [names.eventName]: names.exposuresEvent,
          [names.key]: batch.flagKey,
          [names.setId]: batch.setId,
          [names.variant]: batch.variant,
          [names.rolloutId]: batch.watch.rolloutId,
          [names.rolloutStage]: batch.watch.stage,
          [names.rolloutArm]: batch.watch.arm,
          [names.outcomeSource]: source,
          [names.exposuresUnits]: batch.units,
          [names.exposuresSample]: batch.sample,
          [names.exposuresCount]: batch.count,
        },
      });
    }
  }

  #report(
    entry: FlagEntry,
    bit: number,
    kind: "error" | "slow",
    boundMs: number | undefined,
    errorType: string | undefined,
    trace: OutcomeTrace,
  ): void {
    const { watch, unit } = entry;
    if (watch === undefined) return;
    const stage = this.#stageOf(entry.key, watch);
    if (
      unit === undefined ? !this.#mayReportWithoutUnit(stage, watch, bit) : stage.units.add(unit, bit) === 0
    )
      return;
    this.#queueOutcome(entry, watch, this.#parts.source, kind, boundMs, errorType, trace);
  }

  #queueOutcome(
    entry: FlagEntry,
    arm: WatchedArm,
    source: OutcomeSource,
    kind: "error" | "slow",
    boundMs: number | undefined,
    errorType: string | undefined,
    trace: OutcomeTrace,
  ): void {
    const { names } = this.#parts;
    this.#parts.queue({
      eventName: names.outcomeEvent,
      timeUnixMs: this.#parts.clock.nowMs(),
      traceId: trace.traceId,
      spanId: trace.spanId,
      attributes: {
        [names.eventName]: names.outcomeEvent,
        [names.key]: entry.key,
        [names.setId]: entry.setId,
        [names.variant]: entry.variant,
        [names.rolloutId]: arm.rolloutId,
        [names.rolloutStage]: arm.stage,
        [names.rolloutArm]: arm.arm,
        [names.contextId]: entry.unit,
        [names.outcomeKind]: kind,
        [names.outcomeBoundMs]: boundMs,
        [names.outcomeSource]: source,
        [names.errorType]: errorType,
      },
    });
  }

  #mayReportWithoutUnit(stage: Stage, watch: WatchedArm, bit: number): boolean {
    const slot = `${watch.arm}/${bit}`;
    const soFar = stage.withoutUnit.get(slot) ?? 0;
    if (soFar >= maxWithoutUnit) {
      this.#parts.drops.count("outcome_without_unit");
      return false;
    }
    stage.withoutUnit.set(slot, soFar + 1);
    return true;
  }

  #stageOf(flagKey: string, watch: WatchedArm): Stage {
    const quick = this.#byArm.get(watch);
    if (quick !== undefined && quick.flagKey === flagKey) return quick;
    const stage = this.#stageNamed(`${flagKey}\n${watch.rolloutId}/${watch.stage}`, flagKey);
    if (this.#byArm.size >= maxStages * 4) this.#byArm.clear();
    this.#byArm.set(watch, stage);
    return stage;
  }

  #stageNamed(name: string, flagKey: string): Stage {
    const known = this.#stages.get(name);
    if (known !== undefined) return known;
    if (this.#stages.size >= maxStages) this.#forgetOldest();
    const stage: Stage = {
      flagKey,
      units: new UnitMemory(this.#parts.maxUnits),
      exposures: new StageExposures(flagKey),
      withoutUnit: new Map(),
    };
    this.#stages.set(name, stage);
    return stage;
  }

  #forgetOldest(): void {
    for (const [name, stage] of this.#stages) {
      this.#queueExposures(stage);
      this.#stages.delete(name);
      this.#byArm.clear();
      this.#parts.drops.count("watched_limit");
      return;
    }
  }
}
