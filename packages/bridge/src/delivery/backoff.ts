/** Shortest and longest upper bound of a wait between two tries. */
const firstMs = 1000;
const longestMs = 60_000;
/** A server that asks for more than this is asked again earlier: clocks err, and waiting is not free. */
const longestAskedMs = 15 * 60_000;

/**
 * How long to wait before the next try: between half of and the whole of 1 s, 2 s, 4 s … 60 s, so that many senders do not come back at
 * once; at least what the server asked for. `attempt` counts from 1, `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number, askedMs: number = 0): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  const jittered = ceiling / 2 + (ceiling / 2) * random;
  return Math.max(jittered, Math.min(askedMs, longestAskedMs));
}
