/** The numbers of waiting. All are milliseconds. */
export interface BackoffPolicy {
  /** Ceiling of the first delay; default 500. */
  readonly baseMs: number;
  /** Ceiling of any delay in the normal regime; default 30,000. */
  readonly capMs: number;
  /** Ceiling of a delay in the extended regime; default 300,000. */
  readonly extendedMs: number;
  /** Longest `Retry-After` that is believed; default 3,600,000. */
  readonly maxRetryAfterMs: number;
}

export const defaultBackoff: BackoffPolicy = {
  baseMs: 500,
  capMs: 30_000,
  extendedMs: 300_000,
  maxRetryAfterMs: 3_600_000,
};

/**
 * Chooses how long to wait after the n-th failure in a row (n from 1).
 *
 * Normal regime: full jitter under a doubling ceiling, with a floor of half the base so that nobody returns at once.
 * Extended regime: between half and all of five minutes. `Retry-After` is a floor on either, spread by a tenth
 * upwards so that a fleet told the same number does not come back in the same instant.
 */
export function chooseDelayMs(
  failures: number,
  extended: boolean,
  retryAfterMs: number | undefined,
  random: number,
  policy: BackoffPolicy,
): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(failures - 1, 30));
  const own = extended
    ? policy.extendedMs * (0.5 + random / 2)
    : Math.max(Math.min(policy.baseMs, policy.capMs) / 2, random * ceiling);
  if (retryAfterMs === undefined) return own;
  return Math.max(own, Math.min(retryAfterMs, policy.maxRetryAfterMs) * (1 + random / 10));
}

/** Keeps a server's SSE `retry:` between 100 ms and a minute. */
export function clampRetryHintMs(hintMs: number): number {
  return Math.min(60_000, Math.max(100, hintMs));
}
