import type { FlagDefinition } from "./types.ts";

/** A flag and what is derived from it on first use. Shared between a ruleset and its updates while the definition stays. */
export class FlagEntry {
  readonly key: string;
  readonly definition: FlagDefinition;
  /** The answers, made by the evaluator on first use. */
  prepared: unknown = undefined;
  /** What the compiler makes of it on first use. */
  compiled: unknown = undefined;

  constructor(key: string, definition: FlagDefinition) {
    this.key = key;
    this.definition = definition;
  }
}

/** Changed flags kept apart from the big map before both are put together again. */
const MAX_OVERLAY = 512;

/**
 * The flags of one ruleset: a big map shared with the rulesets it was updated from, and a small one of what changed
 * since. So one changed flag of 10,000 costs microseconds, not a copy of everything.
 */
export class FlagMap implements ReadonlyMap<string, FlagDefinition> {
  readonly #base: ReadonlyMap<string, FlagEntry>;
  /** `null` marks a deleted flag. */
  readonly #overlay: ReadonlyMap<string, FlagEntry | null> | undefined;
  readonly size: number;

  constructor(base: ReadonlyMap<string, FlagEntry>, overlay?: ReadonlyMap<string, FlagEntry | null>) {
    this.#base = base;
    this.#overlay = overlay;
    let size = base.size;
    for (const [key, entry] of overlay ?? []) size += Number(entry !== null) - Number(base.has(key));
    this.size = size;
  }

  /** The flag with what was derived from it. */
  entry(key: string): FlagEntry | undefined {
    if (this.#overlay !== undefined) {
      const changed = this.#overlay.get(key);
      if (changed !== undefined) return changed ?? undefined;
    }
    return this.#base.get(key);
  }

  /** The same flags but for the given ones; `null` deletes. */
  with(changes: ReadonlyMap<string, FlagEntry | null>): FlagMap {
    const overlay = new Map([...(this.#overlay ?? []), ...changes]);
    if (overlay.size <= MAX_OVERLAY) return new FlagMap(this.#base, overlay);
    const base = new Map(this.#base);
    for (const [key, entry] of overlay) {
      if (entry === null) base.delete(key);
      else base.set(key, entry);
    }
    return new FlagMap(base);
  }

  get(key: string): FlagDefinition | undefined {
    return this.entry(key)?.definition;
  }

  has(key: string): boolean {
    return this.entry(key) !== undefined;
  }

  *entries(): MapIterator<[string, FlagDefinition]> {
    for (const entry of this.#base.values()) {
      if (this.#overlay === undefined || !this.#overlay.has(entry.key)) yield [entry.key, entry.definition];
    }
    for (const entry of this.#overlay?.values() ?? []) {
      if (entry !== null) yield [entry.key, entry.definition];
    }
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<FlagDefinition> {
    for (const [, definition] of this.entries()) yield definition;
  }

  [Symbol.iterator](): MapIterator<[string, FlagDefinition]> {
    return this.entries();
  }

  forEach(
    callback: (definition: FlagDefinition, key: string, map: ReadonlyMap<string, FlagDefinition>) => void,
  ): void {
    for (const [key, definition] of this.entries()) callback(definition, key, this);
  }
}
