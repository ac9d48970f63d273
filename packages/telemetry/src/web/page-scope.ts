import type { FlagEntry } from "../scope/flag-entry.ts";
import { rankOf } from "../scope/flag-entry.ts";

/** The most flags a page remembers; the most a span can carry. */
export const pageCapacity = 128;

/**
 * The flags of the page. A browser has one user at a time and OpenFeature's web SDK one static context, so all spans and
 * logs share one scope. When another user is evaluated for, it is emptied: nobody is tagged with somebody else's.
 */
export class PageScope {
  readonly #entries = new Map<string, FlagEntry>();
  #targetingKey: unknown;

  /** The flags held, in the order of their first evaluation. */
  entries(): readonly FlagEntry[] {
    return [...this.#entries.values()];
  }

  /** Takes notice of whom a flag is being evaluated for. Kept in memory only. */
  belongsTo(targetingKey: unknown): void {
    if (this.#targetingKey !== targetingKey) this.#entries.clear();
    this.#targetingKey = targetingKey;
  }

  /**
   * Takes in an evaluation and answers the entry that counts from now on, or nothing where the page is full of better
   * ones. The same arm for the same unit again keeps the time of the first.
   */
  record(entry: FlagEntry): { readonly entry: FlagEntry; readonly isNew: boolean } | undefined {
    const known = this.#entries.get(entry.key);
    if (known === undefined && this.#entries.size >= pageCapacity) {
      const lesser = this.entries().find((held) => rankOf(held) < rankOf(entry));
      if (lesser === undefined) return undefined;
      this.#entries.delete(lesser.key);
    }
    const isNew = known?.variant !== entry.variant;
    const keepsTime =
      !isNew &&
      known?.unit === entry.unit &&
      known.watch?.rolloutId === entry.watch?.rolloutId &&
      known.watch?.stage === entry.watch?.stage;
    const kept = keepsTime ? { ...entry, sinceMs: known.sinceMs } : entry;
    this.#entries.set(entry.key, kept);
    return { entry: kept, isNew };
  }
}
