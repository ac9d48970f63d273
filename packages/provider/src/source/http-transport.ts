import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Clock } from "../sync/clock.ts";
import { createEventReader } from "../sync/event-reader.ts";
import type { Failure } from "../sync/failure.ts";
import type { FetchListener, LinkTransport, StreamListener } from "../sync/run-link.ts";
import { classifyError, failStatus, type HttpAnswer, type HttpClient, withoutQuery } from "./http-client.ts";
import { parsePatch } from "./parse-patch.ts";
import { hashText, type RulesetGate } from "./ruleset-gate.ts";
import type { AppliedChange } from "./source.ts";

/** Where and how to ask. */
export interface HttpTransportOptions {
  readonly client: HttpClient;
  readonly gate: RulesetGate;
  readonly clock: Clock;
  readonly rulesetUrl: string;
  readonly streamUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Longest document or event, in bytes. */
  readonly maxBytes: number;
  /**
   * Whether a strong ETag of 64 hex digits is the SHA-256 of the body, as control has it: it is a checksum then. Elsewhere
   * such an ETag may be the hash of anything, and is one only if it happens to fit.
   */
  readonly checksummed: boolean;
  /** Called with every answer's headers that carry a unit secret. */
  readonly secret: (secret: Uint8Array) => void;
  readonly taken: (changes: readonly AppliedChange[], touched?: readonly string[]) => void;
  /** A whole ruleset that is older arrived and was refused. */
  readonly refused: () => void;
  /** The server's revision was compared with what is held. */
  readonly compared: () => void;
}

const gunzipAsync = promisify(gunzip);
const fullPollEvery = 20;

/** Creates the transport of a ruleset link: control's stream and snapshot, or any flagd JSON document with an ETag. */
export function createHttpTransport(options: HttpTransportOptions): LinkTransport {
  const { client, gate, clock, rulesetUrl, streamUrl, maxBytes } = options;
  let polls = 0;

  function readSecret(answer: HttpAnswer): void {
    const header = answer.header("flagspan-unit-secret");
    if (header !== undefined && header !== "") options.secret(Buffer.from(header, "base64url"));
  }

  /** Answers what is wrong with an event, if anything is. Unknown events are ignored, as the protocol may grow. */
  function takeEvent(type: string, data: string, id: string, listener: StreamListener): Failure | undefined {
    if (type !== "snapshot" && type !== "patch") return undefined;
    const where = withoutQuery(streamUrl);
    const patch = type === "patch" ? parsePatch(data) : undefined;
    if (type === "patch" && patch === undefined) {
      return { kind: "invalid-data", message: `${where}: a patch event is malformed` };
    }
    // A corrupted `to` would be believed for ever, since nothing could be newer: the event names its revision twice.
    if (patch !== undefined && id !== "" && id !== patch.to) {
      return { kind: "invalid-data", message: `${where}: event ${id} says it leads to revision ${patch.to}` };
    }
    const expected = id === "" ? {} : { revision: id };
    const verdict = patch === undefined ? gate.offerText(data, expected) : gate.offerPatch(patch);
    options.compared();
    switch (verdict.kind) {
      case "invalid":
        return { kind: "invalid-data", message: `${where}: ${verdict.reason}` };
      case "gap":
        listener.behind();
        return undefined;
      case "older":
        // An older patch is one that a fetch has overtaken.
        if (patch === undefined) options.refused();
        return undefined;
      case "same":
        return undefined;
      case "taken":
        if (patch === undefined) options.taken([]);
        else options.taken(patch.changes, Object.keys(patch.flags));
        return undefined;
    }
    return undefined;
  }

  async function stream(listener: StreamListener, abort: AbortController): Promise<void> {
    const held = gate.held?.revision;
    const answer = await client.send({
      method: "GET",
      url: streamUrl,
      headers: {
        ...options.headers,
        accept: "text/event-stream",
        "cache-control": "no-cache",
        ...(held === undefined ? {} : { "last-event-id": held }),
      },
      signal: abort.signal,
    });
    const contentType = answer.header("content-type") ?? "";
    const encoding = answer.header("content-encoding") ?? "identity";
    const isStream = contentType.startsWith("text/event-stream") && encoding === "identity";
    if (answer.status !== 200 || !isStream) {
      answer.discard();
      const what = `${contentType || "no content type"}${encoding === "identity" ? "" : `, ${encoding}`}`;
      return listener.failed(
        answer.status === 200
          ? { kind: "wrong-content", message: `${withoutQuery(streamUrl)} answered ${what}` }
          : failStatus(answer, streamUrl, clock.now()),
      );
    }
    readSecret(answer);
    listener.opened();
    let failure: Failure | undefined;
    let pings = 0;
    const reader = createEventReader({
      maxEventLength: maxBytes,
      // A stream that only lives and never says anything is no stream of rulesets: the ruleset is asked for.
      comment: () => {
        if (gate.held === undefined && ++pings === 2) listener.behind();
      },
      retry: (delayMs) => listener.hint(delayMs),
      overflow: () => {
        failure = {
          kind: "too-large",
          message: `${withoutQuery(streamUrl)}: an event exceeds ${maxBytes} characters`,
        };
      },
      event: ({ type, data, lastEventId }) => {
        failure ??= takeEvent(type, data, lastEventId, listener);
      },
    });
    for await (const bytes of answer.body) {
      reader.push(bytes);
      if (failure !== undefined) break;
      listener.activity();
    }
    listener.failed(failure ?? { kind: "ended", message: `${withoutQuery(streamUrl)}: the stream ended` });
  }

  async function readBody(answer: HttpAnswer): Promise<string | Failure> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const where = withoutQuery(rulesetUrl);
    const tooLarge: Failure = {
      kind: "too-large",
      message: `${where}: the answer exceeds ${maxBytes} bytes`,
    };
    for await (const chunk of answer.body) {
      length += chunk.byteLength;
      if (length > maxBytes) return tooLarge;
      chunks.push(chunk);
    }
    let bytes: Uint8Array = Buffer.concat(chunks);
    const encoding = answer.header("content-encoding") ?? "identity";
    if (encoding === "gzip") {
      try {
        bytes = await gunzipAsync(bytes, { maxOutputLength: maxBytes });
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return { kind: "invalid-data", message: `${where}: the gzip body cannot be read: ${text}` };
      }
    } else if (encoding !== "identity") {
      return { kind: "wrong-content", message: `${where}: content encoding ${encoding} was not asked for` };
    }
    return new TextDecoder().decode(bytes);
  }

  async function poll(listener: FetchListener, abort: AbortController): Promise<void> {
    const etag = gate.etag();
    // An ETag that is no hash of the bytes is only believed for a while: servers are known to keep one too long.
    polls++;
    const believed = options.checksummed && etag !== undefined && isHash(etag);
    const conditional = etag !== undefined && (believed || polls % fullPollEvery !== 0);
    const answer = await client.send({
      method: "GET",
      url: rulesetUrl,
      headers: {
        ...options.headers,
        accept: "application/json",
        "accept-encoding": "gzip",
        ...(conditional ? { "if-none-match": etag } : {}),
      },
      signal: abort.signal,
    });
    const where = withoutQuery(rulesetUrl);
    if (answer.status === 304 && conditional) {
      answer.discard();
      readSecret(answer);
      gate.confirm();
      options.compared();
      return listener.received();
    }
    const contentType = answer.header("content-type") ?? "";
    if (answer.status !== 200 || contentType.startsWith("text/html")) {
      answer.discard();
      return listener.failed(
        answer.status === 200
          ? { kind: "wrong-content", message: `${where} answered ${contentType}` }
          : failStatus(answer, rulesetUrl, clock.now()),
      );
    }
    const text = await readBody(answer);
    if (typeof text !== "string") return listener.failed(text);
    if (abort.signal.aborted) return undefined;
    const newEtag = answer.header("etag");
    const verified = newEtag !== undefined && isHash(newEtag) && newEtag === `"${hashText(text)}"`;
    if (options.checksummed && newEtag !== undefined && isHash(newEtag) && !verified) {
      return listener.failed({ kind: "invalid-data", message: `${where}: the body does not match its ETag` });
    }
    // Without a checksum anywhere, other bytes are believed: a file's author need not count its revisions up.
    const origin = { verified: verified || !options.checksummed };
    const verdict = gate.offerText(text, { ...origin, ...(newEtag === undefined ? {} : { etag: newEtag }) });
    if (verdict.kind === "invalid") {
      return listener.failed({ kind: "invalid-data", message: `${where}: ${verdict.reason}` });
    }
    readSecret(answer);
    options.compared();
    if (verdict.kind === "taken") options.taken([]);
    if (verdict.kind === "older") options.refused();
    return listener.received();
  }

  const run = (
    task: (abort: AbortController) => Promise<void>,
    failed: (failure: Failure) => void,
    url: string,
  ): (() => void) => {
    const abort = new AbortController();
    task(abort).catch((error: unknown) => {
      if (!abort.signal.aborted) failed(classifyError(error, url));
    });
    return () => abort.abort();
  };

  return {
    openStream: (listener) => run((abort) => stream(listener, abort), listener.failed, streamUrl),
    fetch: (listener) => run((abort) => poll(listener, abort), listener.failed, rulesetUrl),
  };
}

/** Control's ETag is the quoted SHA-256 of the body; such an ETag doubles as a checksum. */
function isHash(etag: string): boolean {
  return /^"[0-9a-f]{64}"$/u.test(etag);
}
