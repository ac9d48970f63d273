/** Which other origins may ask, on the routes made for browsers. Default: none. */
export interface CorsOptions {
  /** Exact origins (`https://shop.example`); no wildcards. */
  readonly origins: readonly string[];
}

/** Headers for an allowed origin. */
export interface Cors {
  /** Headers to add to an answer; only `vary` for an origin that may not read it. */
  headers(origin: string | undefined): Readonly<Record<string, string>>;
  /** Headers that answer a preflight, or `undefined` where the origin is not allowed. */
  preflight(origin: string | undefined): Readonly<Record<string, string>> | undefined;
}

const NOBODY: Readonly<Record<string, string>> = { vary: "Origin" };

/** Creates the policy. Credentials (cookies) are never allowed: keys travel in headers. */
export function createCors(options: CorsOptions | undefined): Cors {
  const origins = new Set(options?.origins ?? []);
  const headers = (origin: string | undefined): Readonly<Record<string, string>> =>
    origin === undefined || !origins.has(origin)
      ? NOBODY
      : {
          vary: "Origin",
          "access-control-allow-origin": origin,
          "access-control-expose-headers": "ETag, Retry-After",
        };
  return {
    headers,
    preflight(origin) {
      if (origin === undefined || !origins.has(origin)) return undefined;
      return {
        ...headers(origin),
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers":
          "Content-Type, If-None-Match, Authorization, X-API-Key, Flagd-Selector, Traceparent, Tracestate, Baggage",
        "access-control-max-age": "600",
      };
    },
  };
}
