/** A longer wait is cut: a receiver whose clock is wrong must not silence the sender for days. */
const longestWaitMs = 10 * 60_000;

/** An HTTP-date of RFC 9110 §5.6.7, as far as `Date.parse` is not left to guess. */
const httpDate = /^[A-Z][a-z]+,? .* GMT$/u;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3), seconds or an HTTP-date, as milliseconds from `nowMs` on; at most ten minutes.
 * Undefined where there is none or it makes no sense.
 */
export function readRetryAfterMs(value: string | null | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? "";
  const waitMs = /^\d+$/u.test(text)
    ? Number(text) * 1_000
    : httpDate.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), longestWaitMs);
}
