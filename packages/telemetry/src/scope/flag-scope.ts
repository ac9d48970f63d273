import type { FlagEntry } from "./flag-entry.ts";
import { rankOf } from "./flag-entry.ts";

/** The most flags one scope remembers. Beyond it a better-ranked flag displaces a lesser one, and the loss is counted. */
export const scopeCapacity = 128;

/** Attributes made from a scope at one of its orders; belongs to the renderer named by `owner`. */
export interface RenderedScope {
  readonly owner: object;
  readonly order: number;
  readonly tags: readonly (readonly [string, string | boolean | number | readonly string[]])[];
  /** The same as one object; made when a second span asks for it. */
  ready: Readonly<Record<string, string | boolean | number | readonly string[]>> | undefined;
  /** Whether a span has been written from it. */
  isUsed: boolean;
}

/** What has gone wrong in a scope, told apart so that one exception that passes several spans counts once. */
export interface ScopeFailures {
  /** Identities of the failures seen; bounded by its writer. */
  readonly seen: Set<string>;
  /** The scope's order when the newest failure was first seen. */
  lastOrder: number;
  /** `error.type` of the newest failure that named one. */
  type: string | undefined;
}

/** What happened to a flag handed to a scope. */
export type RecordAnswer = "new" | "changed" | "same" | "displaced" | "dropped";

/**
 * The evaluated flags of one local root span (or one `withFlagScope` call): a bounded set by flag key, later evaluations
 * replacing earlier ones. `order` counts the changes, so that a span can tell what was there when it started.
 */
export class FlagScope {
  /** Made on the first evaluation: most spans of an app start no scope that ever sees a flag. */
  #entries: Map<string, FlagEntry> | undefined;
  #order = 0;
  /** The last rendering of this scope as attributes, and by whom: spared once per span. */
  rendered: RenderedScope | undefined;
  /** What has gone wrong in this scope so far; made on the first failure. */
  failures: ScopeFailures | undefined;

  /** How many times the set has changed. */
  get order(): number {
    return this.#order;
  }

  /** How many flags it holds. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** The last evaluation of a flag, if it is held. */
  get(key: string): FlagEntry | undefined {
    return this.#entries?.get(key);
  }

  /** All flags held, in the order of their first evaluation. */
  entries(): Iterable<FlagEntry> {
    return this.#entries?.values() ?? [];
  }

  /** Takes in an evaluation. The same variant for the same unit again changes nothing, so "since" stays the first time. */
  record(entry: FlagEntry): RecordAnswer {
    const { key } = entry;
    const entries = (this.#entries ??= new Map<string, FlagEntry>());
    const known = entries.get(key);
    if (known !== undefined) {
      if (isSameEvaluation(known, entry)) return "same";
      const order = ++this.#order;
      entries.set(key, isSameExposure(known, entry) ? keepFirst(known, entry) : { ...entry, order });
      return "changed";
    }
    let answer: RecordAnswer = "new";
    if (entries.size >= scopeCapacity) {
      const victim = leastTelling(entries.values());
      if (victim === undefined || rankOf(victim) >= rankOf(entry)) return "dropped";
      entries.delete(victim.key);
      answer = "displaced";
    }
    entry.order = ++this.#order;
    entries.set(key, entry);
    return answer;
  }
}

/** The last of the lowest rank: among equals, what was evaluated first stays. */
function leastTelling(entries: Iterable<FlagEntry>): FlagEntry | undefined {
  let least: FlagEntry | undefined;
  for (const entry of entries) {
    if (least === undefined || rankOf(entry) <= rankOf(least)) least = entry;
  }
  return least;
}

/** Whether only details around the answer changed: who got what stays, so it still counts from the first time. */
function isSameExposure(known: FlagEntry, entry: FlagEntry): boolean {
  return (
    known.variant === entry.variant &&
    known.unit === entry.unit &&
    known.watch?.rolloutId === entry.watch?.rolloutId &&
    known.watch?.stage === entry.watch?.stage &&
    known.watch?.arm === entry.watch?.arm
  );
}

function keepFirst(known: FlagEntry, entry: FlagEntry): FlagEntry {
  return { ...entry, order: known.order, sinceMs: known.sinceMs, firstExposure: known.firstExposure };
}

function isSameEvaluation(known: FlagEntry, entry: FlagEntry): boolean {
  return (
    known.variant === entry.variant &&
    known.unit === entry.unit &&
    known.watch === entry.watch &&
    known.source === entry.source &&
    known.reason === entry.reason &&
    known.version === entry.version &&
    known.setId === entry.setId
  );
}
