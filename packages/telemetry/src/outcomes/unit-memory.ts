/**
 * Remembers what has been reported of which unit, at most `capacity` units: the least recently seen half falls out at
 * once (two generations instead of a linked list, so that a look-up costs two map reads and no allocation).
 * A forgotten unit is reported again; the guard tells units apart by id and counts it once.
 */
export class UnitMemory {
  readonly #half: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2));
  }

  /** Sets `bits` for a unit and returns the ones that were not set before. */
  add(unit: string, bits: number): number {
    const young = this.#young.get(unit);
    const known = young ?? this.#old.get(unit) ?? 0;
    const next = known | bits;
    if (young !== next) {
      if (young === undefined && this.#young.size >= this.#half) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      this.#young.set(unit, next);
    }
    return bits & ~known;
  }

  /** How many units are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
