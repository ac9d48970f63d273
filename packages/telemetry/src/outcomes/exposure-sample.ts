/** Above this many new units a second and arm, ids are thinned. */
const fullRate = 50;

/**
 * The hash that decides whether a unit's id is in the 1/m sample: FNV-1a over UTF-16 units with a final mix
 * (murmur3's), so that the low bits are even. The same in every process; a unit in the 1/16 sample is in the 1/8 one.
 */
export function unitHash(unit: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < unit.length; index += 1) {
    hash = Math.imul(hash ^ unit.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Whether a unit is in the 1/m sample; m is a power of two. */
export function isSampled(unit: string, m: number): boolean {
  return m === 1 || (unitHash(unit) & (m - 1)) === 0;
}

/** The m of one second: 1 up to 50 new units, then the power of two that brings them to 50 or below. */
export function sampleOf(newUnits: number): number {
  let m = 1;
  while (newUnits / m > fullRate) m *= 2;
  return m;
}
