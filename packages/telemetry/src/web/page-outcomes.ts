import type { FastLaneEvent } from "../fast-lane/otlp-json.ts";
import type { DropCounts } from "../health/drop-counts.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { PageScope } from "./page-scope.ts";

/** What the page's outcomes are made of. */
export interface PageOutcomeParts {
  readonly page: PageScope;
  readonly names: AttributeNames;
  readonly drops: DropCounts;
  /** The bound for a load where the rollout names none. */
  readonly loadMs: number;
  readonly inpMs: number;
  readonly queue: (eventName: string, attributes: FastLaneEvent["attributes"]) => void;
}

/** The most things a page reports; it has one user, so only a broken one comes near. */
const maxReported = 512;

/**
 * Reports, for every watched flag, the user's exposure and first bad outcome of each kind (DESIGN §4.6 "Outcomes"), with
 * `source` = `browser`. A flag is judged only by what happened after its evaluation. A page has one unit at a time, so
 * nothing needs to be sampled; without a unit each kind is reported once per page.
 */
export class PageOutcomes {
  readonly #parts: PageOutcomeParts;
  readonly #reported = new Set<string>();

  constructor(parts: PageOutcomeParts) {
    this.#parts = parts;
  }

  /** A flag was evaluated. */
  exposed(entry: FlagEntry): void {
    const { names } = this.#parts;
    const units = entry.unit === undefined ? [] : [entry.unit];
    this.#report(entry, "exposed", names.exposuresEvent, {
      [names.exposuresUnits]: units,
      [names.exposuresSample]: 1,
      [names.exposuresCount]: 1,
    });
  }

  /** An uncaught error, or a request that failed. */
  failed(errorType: string): void {
    for (const entry of this.#parts.page.entries()) this.#bad(entry, "error", undefined, errorType);
  }

  /** The page has shown itself: the load event ended, or its largest content was painted. */
  loaded(endMs: number): void {
    for (const entry of this.#parts.page.entries()) {
      const named = entry.watch?.slowMs ?? [];
      for (const boundMs of named.length === 0 ? [this.#parts.loadMs] : named) {
        if (endMs - entry.sinceMs > boundMs) this.#bad(entry, "slow", boundMs, undefined);
      }
    }
  }

  /** The page answered an interaction that began at `startedMs`. */
  interacted(durationMs: number, startedMs: number): void {
    const { page, inpMs } = this.#parts;
    if (durationMs <= inpMs) return;
    for (const entry of page.entries()) {
      if (startedMs >= entry.sinceMs) this.#bad(entry, "slow", inpMs, undefined);
    }
  }

  #bad(entry: FlagEntry, kind: string, boundMs: number | undefined, errorType: string | undefined): void {
    const { names } = this.#parts;
    this.#report(entry, `${kind} ${boundMs}`, names.outcomeEvent, {
      [names.contextId]: entry.unit,
      [names.outcomeKind]: kind,
      [names.outcomeBoundMs]: boundMs,
      [names.errorType]: errorType,
    });
  }

  #report(entry: FlagEntry, what: string, eventName: string, attributes: FastLaneEvent["attributes"]): void {
    const { names, drops, queue } = this.#parts;
    const { watch, key, unit } = entry;
    if (watch === undefined) return;
    const id = [key, watch.rolloutId, watch.stage, watch.arm, unit, what].join("\n");
    if (this.#reported.has(id)) return;
    if (this.#reported.size >= maxReported) {
      drops.count("outcome_queue");
      return;
    }
    this.#reported.add(id);
    queue(eventName, {
      [names.key]: key,
      [names.setId]: entry.setId,
      [names.variant]: entry.variant,
      [names.rolloutId]: watch.rolloutId,
      [names.rolloutStage]: watch.stage,
      [names.rolloutArm]: watch.arm,
      [names.outcomeSource]: "browser",
      ...attributes,
    });
  }
}
