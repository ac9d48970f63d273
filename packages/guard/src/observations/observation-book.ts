import { ExposureBook } from "./exposure-book.ts";
import type { FastLaneEvent, OutcomeEvent } from "./fast-lane-event.ts";
import type {
  ArmCounts,
  Observations,
  OutcomeCounts,
  QueryObservation,
  StageObservations,
} from "./observations.ts";
import { OutcomeBook } from "./outcome-book.ts";
import type { BadSighting } from "./outcome-book.ts";

/** What a rollout counts: the stages of its current run by their name on the wire, and the two variants its split gives out. */
export interface WatchedRollout {
  readonly treatment: string;
  readonly control: string;
  /** Treated share by stage name; 0 for segments. */
  readonly shares: ReadonlyMap<string, number>;
  /** Stages in which only chosen users are treated: their treatment is the twin variant, and nothing is compared. */
  readonly chosen?: ReadonlySet<string>;
}

/** The largest numbers of units one run holds. */
export interface BookLimits {
  readonly exposedUnits?: number;
  readonly badUnits?: number;
}

/** What became of a report: news for this run, nothing new, not of this run (or a twin variant), or over a bound. */
export type BookResult = "new" | "known" | "ignored" | "dropped";

const rateWindowMs = 60_000;

/** Everything one run of a rollout has seen, each unit once, whichever process reports it and in whatever order. */
export class ObservationBook {
  readonly #watched: WatchedRollout;
  readonly #limits: BookLimits;
  readonly #exposures: ExposureBook;
  readonly #outcomes = new Map<string, OutcomeBook>();
  readonly #signals = new Map<string, OutcomeBook>();
  readonly #firstExposureMs = new Map<string, number>();
  readonly #firstBadMs = new Map<string, number>();
  readonly #arrivals: { atMs: number; units: number }[] = [];
  #lastExposureMs: number | undefined;
  #unitless = 0;

  constructor(watched: WatchedRollout, limits: BookLimits = {}) {
    this.#watched = watched;
    this.#limits = limits;
    this.#exposures = new ExposureBook(limits.exposedUnits);
  }

  /**
   * Adds one event. `trusted` says whether its sender may cause a kill; an outcome from elsewhere, from a browser or without a unit is
   * kept as a signal. `receivedMs` is the guard's own clock: the sender's is only shown, never judged by.
   */
  add(event: FastLaneEvent, trusted: boolean, receivedMs: number): BookResult {
    const share = this.#watched.shares.get(event.stage);
    const treatment = `${this.#watched.treatment}${this.#watched.chosen?.has(event.stage) === true ? ".fixed" : ""}`;
    const expected = event.arm === "treatment" ? treatment : this.#watched.control;
    if (share === undefined || (event.variant !== undefined && event.variant !== expected)) return "ignored";
    if (event.kind === "outcome") return this.#addOutcome(event, trusted, receivedMs);
    if (!trusted || event.source === "browser") return "ignored";
    const { sample } = this.#exposures;
    const chosen = this.#watched.chosen?.has(event.stage) === true;
    this.#exposures.coarsen(event.sample);
    let fresh = 0;
    for (const unit of event.units) {
      if (this.#exposures.add(unit, event.stage, event.arm, chosen ? undefined : share) !== "new") continue;
      fresh += 1;
      for (const book of this.#outcomes.values()) book.expose(unit, event.stage, event.arm);
    }
    if (this.#exposures.sample !== sample)
      for (const book of this.#outcomes.values())
        book.resample((unit, stage, arm) => this.#exposures.has(unit, stage, arm));
    this.#lastExposureMs = receivedMs;
    if (fresh === 0) return "known";
    if (!this.#firstExposureMs.has(event.stage)) this.#firstExposureMs.set(event.stage, receivedMs);
    this.#arrivals.push({ atMs: receivedMs, units: fresh * this.#exposures.sample });
    return "new";
  }

  /** Returns what a decision is made from at `nowMs`; queries and alerts come from their own sources. */
  observe(
    nowMs: number,
    queries: Readonly<Record<string, QueryObservation>> = {},
    firing: readonly string[] = [],
  ): Observations {
    while ((this.#arrivals[0]?.atMs ?? nowMs) < nowMs - rateWindowMs) this.#arrivals.shift();
    const since = Math.max(1000, Math.min(rateWindowMs, nowMs - (this.#arrivals[0]?.atMs ?? nowMs)));
    const stages: Record<string, StageObservations> = {};
    for (const [stage, share] of this.#watched.shares) stages[stage] = this.#observeStage(stage, share);
    return {
      stages,
      sample: this.#exposures.sample,
      sampleRatio: this.#exposures.strata(),
      switched: this.#exposures.switched,
      ...(this.#lastExposureMs === undefined ? {} : { lastExposureMs: this.#lastExposureMs }),
      unitsPerSecond: (this.#arrivals.reduce((sum, arrival) => sum + arrival.units, 0) / since) * 1000,
      queries,
      firing,
      dropped: [...this.#outcomes.values(), ...this.#signals.values()].reduce(
        (sum, book) => sum + book.dropped,
        0,
      ),
    };
  }

  /** Returns the bad outcomes held for one unit. */
  ofUnit(unit: string): readonly BadSighting[] {
    return [...this.#outcomes.values()].flatMap((book) => book.ofUnit(unit));
  }

  #addOutcome(event: OutcomeEvent, trusted: boolean, receivedMs: number): BookResult {
    const kind = event.outcome === "slow" ? `slow:${event.boundMs ?? 0}` : "error";
    const killing =
      trusted && event.unit !== undefined && (event.source === "server" || event.source === "track");
    const books = killing ? this.#outcomes : this.#signals;
    let book = books.get(kind);
    if (book === undefined) {
      if (books.size >= 32) return "dropped";
      book = new OutcomeBook(this.#limits.badUnits);
      books.set(kind, book);
    }
    const sighting = {
      outcome: kind,
      stage: event.stage,
      arm: event.arm,
      atMs: event.atMs,
      ...(event.errorType === undefined ? {} : { errorType: event.errorType }),
    };
    const unit = event.unit ?? `no unit ${(this.#unitless += 1)}`;
    const result = book.add(unit, sighting, this.#exposures.has(unit, event.stage, event.arm));
    if (result === "dropped" || result === "known") return result;
    if (killing && event.arm === "treatment" && !this.#firstBadMs.has(event.stage))
      this.#firstBadMs.set(event.stage, receivedMs);
    return "new";
  }

  #observeStage(stage: string, share: number): StageObservations {
    const outcomes: Record<string, OutcomeCounts> = {};
    const none: ArmCounts = { treatment: 0, control: 0 };
    for (const kind of new Set([...this.#outcomes.keys(), ...this.#signals.keys()])) {
      const book = this.#outcomes.get(kind);
      outcomes[kind] = {
        first: book?.first(stage) ?? none,
        units: book?.all(stage) ?? none,
        sampled: book?.sampled(stage) ?? none,
        signal: this.#signals.get(kind)?.first(stage) ?? none,
      };
    }
    const firstExposureMs = this.#firstExposureMs.get(stage);
    const firstBadMs = this.#firstBadMs.get(stage);
    return {
      share,
      exposed: this.#exposures.exposed(stage),
      outcomes,
      ...(firstExposureMs === undefined ? {} : { firstExposureMs }),
      ...(firstBadMs === undefined ? {} : { firstBadMs }),
    };
  }
}
