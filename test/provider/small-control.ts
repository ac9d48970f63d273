import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

type Flag = Readonly<Record<string, unknown>>;
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What was asked. */
export interface Asked {
  readonly path: "ruleset" | "stream" | "applied";
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Makes a flag with the variants on and off. */
export function onOff(defaultVariant: "on" | "off", more: Flag = {}): Flag {
  return { defaultVariant, state: "ENABLED", variants: { off: false, on: true }, ...more };
}

/** A status as an answer. */
export function answerStatus(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, headers).end();
  };
}

/** The socket is cut before any answer. */
export const cutSocket: Answer = (_request, response) => {
  response.socket?.destroy();
};

/** A small server of the sync protocol (DESIGN §4.4) whose every answer a test can replace. */
export class SmallControl {
  revision = 1;
  /** Further top-level properties of the document. */
  extra: { readonly metadata?: object; readonly $evaluators?: object } = { metadata: { flagSetId: "shop" } };
  flags: Record<string, Flag>;
  readonly asked: Asked[] = [];
  readonly streams = new Set<ServerResponse>();
  readonly unitSecret = Buffer.from("a unit secret of thirty-two byte");
  /** Answers for the next requests, by path, before the usual ones. */
  readonly next: Record<Asked["path"], Answer[]> = { ruleset: [], stream: [], applied: [] };
  /** Answers instead of the usual ones, for as long as they are set. */
  readonly always: Partial<Record<Asked["path"], Answer>> = {};
  /** Whether patches say the hash of what they lead to. */
  saysHashes = false;
  /** How many requests for the ruleset were being answered at once, at most. */
  maxInFlight = 0;
  #inFlight = 0;
  readonly #server: Server;
  readonly #patches: { from: number; text: string }[] = [];

  constructor(flags: Record<string, Flag> = { a: onOff("off") }) {
    this.flags = flags;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get body(): string {
    const sorted = Object.fromEntries(Object.entries(this.flags).sort(([a], [b]) => (a < b ? -1 : 1)));
    const { $evaluators, metadata } = this.extra;
    const named = { ...metadata, version: String(this.revision) };
    return JSON.stringify({
      ...($evaluators === undefined ? {} : { $evaluators }),
      flags: sorted,
      metadata: named,
    });
  }

  count(path: Asked["path"]): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  last(path: Asked["path"]): Asked | undefined {
    return this.asked.findLast((asked) => asked.path === path);
  }

  /** Changes a flag (`null` deletes it) and tells every stream. */
  set(key: string, flag: Flag | null): void {
    const from = this.revision++;
    if (flag === null) delete this.flags[key];
    else this.flags[key] = flag;
    const changes = [{ id: `change-${this.revision}`, flagKey: key, occurredAt: new Date().toISOString() }];
    const data = JSON.stringify({
      from: String(from),
      to: String(this.revision),
      flags: { [key]: flag },
      changes,
      ...(this.saysHashes ? { sha256: createHash("sha256").update(this.body).digest("hex") } : {}),
    });
    const text = `event: patch\nid: ${this.revision}\ndata: ${data}\n\n`;
    this.#patches.push({ from, text });
    this.send(text);
  }

  /** Goes back to an older revision with other contents, as a store restored from a backup does. */
  restore(revision: number, flags: Record<string, Flag>): void {
    this.revision = revision;
    this.flags = flags;
    this.#patches.length = 0;
    this.cutStreams();
  }

  /** Writes to every open stream as it is. */
  send(text: string): void {
    for (const stream of this.streams) stream.write(text);
  }

  /** Ends every open stream. */
  cutStreams(): void {
    for (const stream of this.streams) stream.destroy();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The usual answer of a stream; tests that replace one may go on with it. */
  openStream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "flagspan-unit-secret": this.unitSecret.toString("base64url"),
    });
    const last = Number(request.headers["last-event-id"] ?? Number.NaN);
    const missed = this.#patches.filter((patch) => patch.from >= last);
    const known = last === this.revision || missed[0]?.from === last;
    response.write(
      known ? `: welcome back\n\n${missed.map((patch) => patch.text).join("")}` : this.snapshot(),
    );
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  }

  snapshot(): string {
    return `event: snapshot\nid: ${this.revision}\ndata: ${this.body}\n\n`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? "/", "http://any");
    const path = pathname.endsWith("/stream")
      ? "stream"
      : pathname.endsWith("/applied")
        ? "applied"
        : "ruleset";
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      this.asked.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (path === "ruleset") {
        this.maxInFlight = Math.max(this.maxInFlight, ++this.#inFlight);
        response.on("close", () => this.#inFlight--);
      }
      const answer = this.next[path].shift() ?? this.always[path];
      if (answer !== undefined) answer(request, response);
      else if (path === "stream") this.openStream(request, response);
      else if (path === "applied") response.writeHead(204).end();
      else this.#answerRuleset(request, response);
    });
  }

  #answerRuleset(request: IncomingMessage, response: ServerResponse): void {
    const { body } = this;
    const etag = `"${createHash("sha256").update(body).digest("hex")}"`;
    const headers = { etag, "flagspan-unit-secret": this.unitSecret.toString("base64url") };
    if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
    else {
      const gzipped = { ...headers, "content-type": "application/json", "content-encoding": "gzip" };
      response.writeHead(200, gzipped).end(gzipSync(body));
    }
  }
}
