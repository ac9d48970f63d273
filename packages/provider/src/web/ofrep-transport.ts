import type { Clock } from "../sync/clock.ts";
import { type Failure, parseRetryAfter } from "../sync/failure.ts";
import type { FetchListener, LinkTransport, StreamListener } from "../sync/run-link.ts";
import { type Bulk, parseBulk } from "./parse-bulk.ts";
import type { FlagspanWebProviderOptions } from "./web-options.ts";

/** The server offers no stream: nothing is wrong, and nobody asks again within the hour. */
export const noStream: Failure = {
  kind: "status",
  status: 405,
  message: "no event stream",
  retryAfterMs: 3_600_000,
};

export interface OfrepTransportOptions {
  readonly options: FlagspanWebProviderOptions;
  /** The context's JSON. */
  readonly context: string;
  /** The ETag of kept answers for exactly this context. */
  readonly etag: string | undefined;
  readonly clock: Clock;
  readonly received: (bulk: Bulk, etag: string | undefined) => void;
  /** The server confirmed what is held. */
  readonly confirmed: () => void;
}

/** Creates the transport of one context: bulk evaluation with ETag, and the stream whose address comes with it. */
export function createOfrepTransport(given: OfrepTransportOptions): LinkTransport {
  const { options, clock } = given;
  const send = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const url = `${options.url.replace(/\/+$/u, "")}/ofrep/v1/evaluate/flags`;
  let { etag } = given;
  let streamUrl: string | undefined;
  let announced = "";

  async function poll(listener: FetchListener, signal: AbortSignal): Promise<void> {
    // A stream's address works once: without a fresh one, "not modified" would leave nothing to connect to.
    const conditional =
      etag !== undefined && (streamUrl !== undefined || options.stream === false || streaming);
    const query = announced === "" ? "" : `?flagConfigEtag=${encodeURIComponent(announced)}`;
    const response = await send(url + query, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
        ...(options.set === undefined ? {} : { "flagd-selector": `flagSetId=${options.set}` }),
        ...(conditional ? { "if-none-match": etag as string } : {}),
        ...options.headers,
      },
      body: `{"context":${given.context}}`,
      signal,
      cache: "no-store",
    });
    if (response.status === 304 && conditional) {
      given.confirmed();
      return listener.received();
    }
    if (response.status !== 200) return listener.failed(failStatus(response, clock.now()));
    const bulk = parseBulk(await response.json(), url);
    if (signal.aborted) return undefined;
    if (bulk === undefined)
      return listener.failed({ kind: "invalid-data", message: "not an OFREP bulk answer" });
    etag = response.headers.get("etag") ?? undefined;
    streamUrl = bulk.streamUrl;
    given.received(bulk, etag);
    return listener.received();
  }

  let streaming = false;

  /** The browser's EventSource, but never its reconnecting: the address works once, and one HTTP 503 closes it for good. */
  function openStream(listener: StreamListener): () => void {
    streaming = false;
    const address = streamUrl;
    streamUrl = undefined;
    if (address === undefined) {
      listener.failed(noStream);
      return () => undefined;
    }
    const source = new EventSource(address);
    source.addEventListener("open", () => {
      streaming = true;
      listener.opened();
      listener.activity();
      // What changed between the fetch and now was announced to nobody.
      listener.behind();
    });
    source.addEventListener("message", ({ data }) => {
      const etagOf = readRefetch(data);
      if (etagOf === undefined) return;
      announced = etagOf;
      listener.behind();
    });
    source.addEventListener("error", () => {
      source.close();
      streaming = false;
      listener.failed({ kind: "network", message: "the event stream broke" });
    });
    return () => source.close();
  }

  return {
    openStream,
    fetch: (listener) => {
      const abort = new AbortController();
      poll(listener, abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted) listener.failed({ kind: "network", message: String(error) });
      });
      return () => abort.abort();
    },
  };
}

function failStatus(response: Response, nowMs: number): Failure {
  return {
    kind: "status",
    status: response.status,
    message: `HTTP ${response.status}`,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), nowMs),
  };
}

/** The announced configuration's ETag, empty if the server names none; undefined for anything but a refetch. */
function readRefetch(data: unknown): string | undefined {
  try {
    const body = JSON.parse(String(data)) as { type?: unknown; etag?: unknown } | null;
    if (body?.type !== "refetchEvaluation") return undefined;
    return typeof body.etag === "string" ? body.etag : "";
  } catch {
    // Not ours: OFREP tells clients to ignore what they do not know.
    return undefined;
  }
}
