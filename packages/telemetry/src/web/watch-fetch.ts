/** The page's own exports, and those of any other OpenTelemetry SDK: their failures are nobody's outcome. */
const exportPath = /\/v1\/(?:traces|logs|metrics)(?:$|[?#])/u;

/** Whether a request, named by a text, a `URL` or a `Request`, is telemetry itself. */
export function isExport(input: unknown): boolean {
  const { href, url = href ?? input } = Object(input) as { readonly href?: unknown; readonly url?: unknown };
  return typeof url === "string" && exportPath.test(url);
}

/**
 * Hears of the page's requests that failed: no answer, or 5xx. `fetch` is replaced by one that hands through everything,
 * rejections included, so that an unhandled one stays unhandled; an aborted request has not failed. Returns how to undo it.
 */
export function watchFetch(hear: (errorType: string) => void): () => void {
  const original = globalThis.fetch;
  const watched = function (this: unknown, ...request: Parameters<typeof fetch>): Promise<Response> {
    const answer: Promise<Response> = Reflect.apply(original, this, request);
    if (isExport(request[0])) return answer;
    return answer.then(
      (response) => {
        if (response.status >= 500) hear(String(response.status));
        return response;
      },
      (error: unknown) => {
        const name = error instanceof Error ? error.name : "_OTHER";
        if (name !== "AbortError") hear(name);
        throw error;
      },
    );
  };
  globalThis.fetch = watched;
  return () => {
    if (globalThis.fetch === watched) globalThis.fetch = original;
  };
}
