import type { Span } from "@flagspan/bridge/otlp";

/** Requests that failed among those that were made. */
export interface ErrorCount {
  readonly requests: number;
  readonly errors: number;
}

/** The storefront's own checkout requests: the spans a shopper felt. */
export function isCheckout(span: Span): boolean {
  const method = span.attributes["http.request.method"] ?? span.attributes["http.method"];
  return span.kind === "server" && span.resource["service.name"] === "storefront" && method === "POST";
}

/** Counts checkouts that ended within [from, to) by the variant of a flag they carry; `any` counts them whatever they carry. */
export function countErrors(
  spans: readonly Span[],
  window: { readonly from: number; readonly to: number },
  flag?: { readonly key: string; readonly variant: string },
): ErrorCount {
  let requests = 0;
  let errors = 0;
  for (const span of spans) {
    if (!isCheckout(span) || span.endUnixMs < window.from || span.endUnixMs >= window.to) continue;
    if (flag !== undefined && span.attributes[`feature_flags.${flag.key}`] !== flag.variant) continue;
    requests += 1;
    if (span.status.code === "error") errors += 1;
  }
  return { requests, errors };
}

/** Share of requests that failed, 0 where there were none. */
export function errorRate(count: ErrorCount): number {
  return count.requests === 0 ? 0 : count.errors / count.requests;
}
