import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { AppliedLedger } from "../applied/ledger.ts";
import type { StreamTokens } from "../ofrep/stream-tokens.ts";
import { isSetName } from "../ruleset/document.ts";
import type { Library } from "../ruleset/library.ts";
import type { EventSink, StreamHub, StreamKind } from "../stream/hub.ts";
import type { Cors } from "./cors.ts";
import type { Ask, Gate } from "./gate.ts";
import { writeReply } from "./node.ts";
import type { RawHandler } from "./node.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";
import type { Reply } from "./reply.ts";
import { originOf } from "./ruleset-routes.ts";

/** What the stream routes are made of. */
export interface StreamRouteOptions {
  readonly library: Library;
  readonly ledger: AppliedLedger;
  readonly hub: StreamHub;
  readonly tokens: StreamTokens;
  readonly gate: Gate;
  readonly cors: Cors;
  readonly onRejected: () => void;
  readonly failed: Services["failed"];
}

interface Opening {
  readonly set: string;
  readonly kind: StreamKind;
  readonly instance: string | undefined;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onEnd: () => void;
}

/** The two streams, written straight to their sockets. */
export function createStreamRoutes(options: StreamRouteOptions): RawHandler {
  return (ask, request, response) => {
    const { segments, path } = ask.target;
    const isSync =
      segments.length === 4 && segments[0] === "v1" && segments[1] === "rulesets" && segments[3] === "stream";
    if (ask.method !== "GET" || !(isSync || path === "/ofrep/v1/stream")) return false;
    const wait = options.hub.admit();
    if (wait > 0) {
      options.onRejected();
      const detail = "too many streams are being opened at once; come back in a moment";
      writeReply(response, problem(503, detail, {}, { "retry-after": String(wait) }));
      return true;
    }
    const opening = isSync ? openSync(options, ask, segments[2] ?? "") : openOfrep(options, ask);
    opening.then(
      (opened) => {
        if ("status" in opened) writeReply(response, opened);
        else void stream(options, opened, ask, request, response);
      },
      (error: unknown) => writeReply(response, options.failed(error)),
    );
    return true;
  };
}

async function openSync({ gate }: StreamRouteOptions, ask: Ask, set: string): Promise<Opening | Reply> {
  if (!isSetName(set)) return problem(400, "the path holds a name that cannot be");
  const admission = await gate.admit(ask, ["sync"], set);
  if (!admission.ok) return admission.reply;
  const named =
    ask.header("flagspan-instance") ?? new URLSearchParams(ask.target.query).get("instance") ?? undefined;
  return {
    set,
    kind: "ruleset",
    instance: named === undefined || named === "" || named.length > 200 ? undefined : named,
    origin: originOf(admission.principal?.keyId, ask.address),
    headers: {},
    onEnd: nothing,
  };
}

function nothing(): void {}

async function openOfrep({ gate, tokens, cors }: StreamRouteOptions, ask: Ask): Promise<Opening | Reply> {
  const headers = cors.headers(ask.header("origin"));
  const admission = await gate.admit(ask, "public");
  if (!admission.ok) return { ...admission.reply, headers: { ...admission.reply.headers, ...headers } };
  const grant = await tokens.redeem(new URLSearchParams(ask.target.query).get("token") ?? "");
  if (grant === undefined) {
    const detail = "this stream address was used or is too old: fetch the flags again for a new one";
    return problem(401, detail, {}, headers);
  }
  return {
    set: grant.set,
    kind: "refetch",
    instance: grant.instance,
    origin: originOf(undefined, ask.address),
    headers,
    onEnd: () => tokens.spent(grant.id),
  };
}

async function stream(
  { library, ledger, hub }: StreamRouteOptions,
  opening: Opening,
  ask: Ask,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const lastEventId = ask.header("last-event-id");
  const held = /^[1-9][0-9]{0,14}$/.test(lastEventId ?? "") ? Number(lastEventId) : 0;
  const live = await library.get(opening.set, held).catch(() => undefined);
  const { socket } = response;
  if (live === undefined || socket === null || socket.destroyed) {
    opening.onEnd();
    if (live === undefined)
      writeReply(response, problem(404, `there is no flag set ${JSON.stringify(opening.set)}`));
    return;
  }
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  // Delimited by the end of the connection, so that one buffer fits every client byte for byte.
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    connection: "close",
    ...(opening.kind === "ruleset"
      ? { "flagspan-unit-secret": Buffer.from(live.unitSecret).toString("base64url") }
      : {}),
    ...opening.headers,
  });
  response.flushHeaders();
  request.resume();
  // Node keeps the request as long as the connection; of fifteen thousand of them nobody reads the head again.
  request.rawHeaders = [];
  request.headers = {};
  const client = hub.attach({
    sink: new SocketSink(socket),
    kind: opening.kind,
    live,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  const disconnect = ledger.connect(opening.set, {
    kind: opening.kind === "ruleset" ? "server" : "web",
    ...(opening.instance === undefined ? {} : { instance: opening.instance }),
    origin: opening.origin,
  });
  const { onEnd } = opening;
  socket.once("close", () => {
    client.close();
    disconnect();
    onEnd();
  });
}

/** A class, so that fifteen thousand streams share its methods. */
class SocketSink implements EventSink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  end(bytes?: Buffer): void {
    if (!this.#socket.writable) return;
    if (bytes === undefined) this.#socket.end();
    else this.#socket.end(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
