import type { ConnectionOptions } from "node:tls";
import { Agent, type Dispatcher, EnvHttpProxyAgent, errors, ProxyAgent, request } from "undici";
import type { Failure } from "../sync/failure.ts";
import { parseRetryAfter } from "../sync/failure.ts";

/** One request of a source. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Its answer: the body has not been read yet, and is not decompressed. */
export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the body and its socket. */
  discard(): void;
}

/** The one seam to the network. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Destroys every socket at once. */
  close(): Promise<void>;
}

/** How a client reaches the network. */
export interface HttpClientOptions {
  /** TLS and socket options, as for `tls.connect`: `{ ca, rejectUnauthorized, … }`. `ca` replaces Node's own list. */
  readonly connect?: Omit<ConnectionOptions, "host" | "port" | "path" | "socket">;
  /**
   * An HTTP(S) proxy, `http://user:password@proxy.internal:3128`, through which everything is tunnelled (CONNECT);
   * `environment` takes it from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Default: none, whatever the environment says.
   */
  readonly proxy?: "environment" | (string & {});
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 3;

/** What another origin may see of a request: how to answer, and nothing about who asks. */
const harmlessHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "cache-control",
  "content-type",
  "if-none-match",
  "last-event-id",
  "user-agent",
]);

function createDispatcher({ connect, proxy }: HttpClientOptions): Dispatcher {
  const direct = { ...connect, timeout: connect?.timeout ?? 5000 };
  const limits = { bodyTimeout: 0, headersTimeout: 0 };
  const tunnel = { ...limits, requestTls: direct, proxyTls: direct };
  if (proxy === undefined) return new Agent({ ...limits, connect: direct });
  if (proxy === "environment") return new EnvHttpProxyAgent({ ...tunnel, connect: direct });
  return new ProxyAgent({ ...tunnel, uri: proxy });
}

/**
 * Creates the client a source owns: its own sockets, five seconds to connect, no limit on a silent body (the link has
 * its own), and redirects followed up to three times: without credentials once the origin changes, and never from
 * https to http.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const agent = createDispatcher(options);

  async function send(wanted: HttpRequest): Promise<HttpAnswer> {
    let url = wanted.url;
    let headers = wanted.headers;
    for (let hops = 0; ; hops++) {
      const answer = await request(url, {
        method: wanted.method,
        headers,
        body: wanted.body ?? null,
        signal: wanted.signal,
        dispatcher: agent,
      });
      const header = (name: string): string | undefined => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value[0] : value;
      };
      const discard = (): void => {
        answer.body.on("error", () => undefined);
        // Without a body there is nothing to break off, and an abortion costs more than the rest of the request.
        if (answer.statusCode === 204 || answer.statusCode === 304) answer.body.resume();
        else answer.body.destroy();
      };
      if (!redirects.has(answer.statusCode) || hops === maxRedirects) {
        return { status: answer.statusCode, header, body: answer.body, discard };
      }
      discard();
      const location = header("location");
      const next = location !== undefined && URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (next === undefined || !/^https?:$/u.test(next.protocol)) {
        throw new TypeError(`HTTP ${answer.statusCode} from ${withoutQuery(url)} names no usable Location`);
      }
      if (next.protocol === "http:" && url.startsWith("https:")) {
        throw new TypeError(
          `${withoutQuery(url)} redirects to ${withoutQuery(next.href)}, which is not encrypted`,
        );
      }
      if (next.origin !== new URL(url).origin) {
        headers = Object.fromEntries(
          Object.entries(headers).filter(([name]) => harmlessHeaders.has(name.toLowerCase())),
        );
      }
      url = next.href;
    }
  }

  return { send, close: () => agent.destroy() };
}

/** An address as it may be logged: without query, which can carry a token. */
export function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return "(invalid address)";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

const tlsCodes =
  /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME_MISMATCH)/u;

/** Tells a network error from a TLS one: the latter will not go away by itself. */
export function classifyError(error: unknown, url: string): Failure {
  const where = withoutQuery(url);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.ConnectTimeoutError) return { kind: "timeout", message: `${where}: ${text}` };
  return {
    kind: tlsCodes.test(code) ? "tls" : "network",
    message: `${where}: ${code === "" ? text : `${code} ${text}`}`,
  };
}

/** Describes an answer that is no success. */
export function failStatus(answer: HttpAnswer, url: string, nowMs: number): Failure {
  const retryAfterMs = parseRetryAfter(answer.header("retry-after"), nowMs);
  return {
    kind: "status",
    status: answer.status,
    message: `${withoutQuery(url)} answered HTTP ${answer.status}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
