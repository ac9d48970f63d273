/** Why a stream or a fetch did not work. `status` is an answer that is no success, `disk` a cache that cannot be written; the rest never became a usable answer. */
export interface Failure {
  readonly kind:
    | "network"
    | "tls"
    | "status"
    | "timeout"
    | "idle"
    | "ended"
    | "wrong-content"
    | "too-large"
    | "invalid-data"
    | "disk";
  readonly message: string;
  /** Present when `kind` is `status`. */
  readonly status?: number;
  /** What the server asked for in `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

const extendedStatuses: ReadonlySet<number> = new Set([204, 401, 403, 405]);

/** Tells whether trying again soon is pointless: who asks, or how, has to change first (LaunchDarkly's RETRY rule). */
export function isExtended(failure: Failure): boolean {
  return failure.kind === "tls" || (failure.status !== undefined && extendedStatuses.has(failure.status));
}

/** Tells whether the server is reachable and has no stream to offer here, so that polling it at once is sensible. */
export function isStreamRefused(failure: Failure): boolean {
  return failure.kind === "wrong-content" || (failure.status !== undefined && failure.status < 429);
}

/** Reads `Retry-After` (RFC 9110 §10.2.3: seconds or an HTTP date) as milliseconds from now; undefined if it is neither. */
export function parseRetryAfter(header: string | null | undefined, nowMs: number): number | undefined {
  if (/^\d+$/u.test(header ?? "")) return Number(header) * 1000;
  const at = Date.parse(header ?? "");
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
