/** Counts requests by name and says when to come back. */
export interface RateLimit {
  /** 0 when the request may pass, else the seconds to wait. */
  take(name: string, nowMs: number): number;
}

/** How many names are remembered; the first ones seen are forgotten first. */
const MAX_NAMES = 20_000;

/** A token bucket per name: `perSecond` on the long run, `burst` at once. */
export function createRateLimit(perSecond: number, burst: number): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(name, nowMs) {
      const bucket = buckets.get(name) ?? { tokens: burst, at: nowMs };
      bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.at) / 1000) * perSecond);
      bucket.at = nowMs;
      if (!buckets.has(name)) {
        if (buckets.size >= MAX_NAMES) {
          const oldest = buckets.keys().next();
          if (!oldest.done) buckets.delete(oldest.value);
        }
        buckets.set(name, bucket);
      }
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
      bucket.tokens -= 1;
      return 0;
    },
  };
}
