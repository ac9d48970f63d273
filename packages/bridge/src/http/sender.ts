import { lookup as dnsLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, request as undiciRequest } from "undici";
import { HttpProblem } from "./http-problem.ts";
import { type AllowPrivate, hostnameOf, isAllowed } from "./network-policy.ts";

/** One request. */
export interface HttpRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** The answer to a request. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; of repeated headers the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KiB. */
  readonly body: string;
}

/** Sends requests under a network policy. */
export interface HttpSender {
  /** Resolves to an answer of any status; rejects with an `HttpProblem` where there is none. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes kept connections. */
  close(): Promise<void>;
}

/** How to send. */
export interface HttpSenderOptions {
  readonly allowPrivate?: AllowPrivate;
  /** For the answer's head, and again for its body; 10 s by default. */
  readonly timeoutMs?: number;
}

const maxAnswerBytes = 64 * 1024;
const maxRedirects = 3;

/**
 * Creates a sender that refuses private addresses at the moment it connects, follows redirects only within one origin and only where
 * they keep the method (307, 308), and reads a bounded answer.
 */
export function createHttpSender(options: HttpSenderOptions = {}): HttpSender {
  const { allowPrivate = false, timeoutMs = 10_000 } = options;
  const agent = new Agent({
    connect: { lookup: guardedLookup(allowPrivate), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 10_000,
  });

  async function send(request: HttpRequest): Promise<HttpAnswer> {
    let url = parseUrl(request.url);
    for (let redirects = 0; ; redirects += 1) {
      const hostname = hostnameOf(url);
      if (isIP(hostname) !== 0 && !isAllowed(hostname, hostname, allowPrivate)) throw refuse(hostname);
      const answer = await sendOnce(url, request);
      const location = answer.headers["location"];
      if ((answer.status !== 307 && answer.status !== 308) || location === undefined) return answer;
      const next = new URL(location, url);
      if (next.origin !== url.origin || redirects === maxRedirects)
        throw new HttpProblem(
          "redirect",
          `${hostname} redirects ${redirects === maxRedirects ? "too often" : "to another origin"}; configure the final URL.`,
        );
      url = next;
    }
  }

  async function sendOnce(url: URL, request: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await undiciRequest(url, {
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
        dispatcher: agent,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(answer.headers)) {
        const first = Array.isArray(value) ? value[0] : value;
        if (first !== undefined) headers[name.toLowerCase()] = first;
      }
      return { status: answer.statusCode, headers, body: await readBounded(answer.body) };
    } catch (error) {
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
        if (cause instanceof HttpProblem) throw cause;
      const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
      throw new HttpProblem("no-answer", `${hostnameOf(url)} gave no answer (${code}).`, { cause: error });
    }
  }

  let closing: Promise<void> | undefined;
  return { send, close: () => (closing ??= agent.close()) };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new HttpProblem("bad-url", "the URL of a sink or source is not an http or https URL.");
  return url;
}

function refuse(hostname: string): HttpProblem {
  return new HttpProblem(
    "private-address",
    `${hostname} has a private address; name it in allowPrivate if that is meant.`,
  );
}

/** Resolves as usual and fails where any address is refused: the socket connects to exactly what was checked. */
function guardedLookup(allowPrivate: AllowPrivate): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const first = addresses[0];
      if (first === undefined || addresses.some(({ address }) => !isAllowed(hostname, address, allowPrivate)))
        return callback(refuse(hostname), "", 0);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

async function readBounded(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    // The rest is read and let go, so that the connection can be used again.
    if (size < maxAnswerBytes) chunks.push(chunk.subarray(0, maxAnswerBytes - size));
    size += chunk.byteLength;
    if (size > maxAnswerBytes * 64) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
