/** A seeded stream of chance: the same seed gives the same simulation on every machine. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number in [0, below). */
  below(limit: number): number;
  /** Number of events of a Poisson process with this mean. */
  poisson(mean: number): number;
}

/** Creates a stream (mulberry32). */
export function createChance(seed: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    poisson(mean) {
      const bound = Math.exp(-mean);
      let count = 0;
      for (let product = next(); product > bound; product *= next()) count += 1;
      return count;
    },
  };
}
