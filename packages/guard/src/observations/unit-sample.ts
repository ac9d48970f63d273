/**
 * Returns whether a unit belongs to the deterministic 1/m sample: its hash modulo m is 0.
 *
 * m is a power of two, so that every coarser sample is part of every finer one and reports of processes with different m can be brought to
 * the coarsest. `@flagspan/telemetry` samples with the same hash; `test/contracts/unit-sample.json` keeps the two equal.
 */
export function isSampled(unit: string, sample: number): boolean {
  return sample <= 1 || hashUnit(unit) % sample === 0;
}

/** FNV-1a over the UTF-16 units of an id, with the final mix of MurmurHash3 so that the low bits are even; unsigned 32 bits. */
export function hashUnit(unit: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < unit.length; index += 1)
    hash = Math.imul(hash ^ unit.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
