import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { getRequestListener } from "@hono/node-server";

import type { App } from "./app.ts";
import { parseTarget } from "./canonical-path.ts";
import type { Ask } from "./gate.ts";
import { problem } from "./problem.ts";
import { COMMON_HEADERS } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** Handles a request on the node objects themselves; `false` leaves it to the app. */
export type RawHandler = (ask: Ask, request: IncomingMessage, response: ServerResponse) => boolean;

/** Puts the app on a node HTTP server, raw handlers before it. */
export function createNodeServer(options: {
  readonly app: App;
  readonly raw: readonly RawHandler[];
  readonly headerBytes: number;
}): Server {
  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env as { incoming: IncomingMessage };
      return options.app(request, {
        rawTarget: incoming.url ?? "",
        address: incoming.socket.remoteAddress ?? "unknown",
      });
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer(
    {
      maxHeaderSize: options.headerBytes,
      // Slow readers of a request are cut; slow readers of an answer are the hub's business.
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    (request, response) => {
      const target = parseTarget(request.url ?? "");
      if (target === undefined) {
        writeReply(response, problem(400, "the request target is not in canonical form"));
        return;
      }
      const ask = new NodeAsk(request, target);
      if (options.raw.some((handle) => handle(ask, request, response))) return;
      void listener(request, response);
    },
  );
  server.timeout = 0;
  server.maxRequestsPerSocket = 0;
  return server;
}

/** Starts listening. Port 0 takes a free one; the answer says which. */
export async function listen(
  server: Server,
  port: number,
  host: string,
): Promise<{ url: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  const name = shown === "0.0.0.0" || shown === "[::]" ? "localhost" : shown;
  return { url: `http://${name}:${address.port}`, port: address.port };
}

/** Writes a plain answer to a node response, in one piece where it is text. */
export function writeReply(response: ServerResponse, reply: Reply): void {
  const { status, headers, crossOrigin } = reply;
  const fields: (string | number)[] = [...COMMON_FIELDS];
  for (const name in headers) fields.push(name, headers[name] ?? "");
  for (const name in crossOrigin) fields.push(name, crossOrigin[name] ?? "");
  if (status === 204 || status === 304) {
    response.writeHead(status, fields as string[]);
    response.end();
    return;
  }
  const body = reply.body ?? "";
  const length = reply.bodyBytes ?? Buffer.byteLength(body);
  fields.push("content-length", length);
  response.writeHead(status, fields as string[]);
  // Of ASCII only: node then hands head and body to the kernel as one string, without encoding it first.
  if (typeof body === "string" && body.length === length) response.end(body, "latin1");
  else response.end(body);
}

const COMMON_FIELDS: readonly string[] = Object.entries(COMMON_HEADERS).flat();

class NodeAsk implements Ask {
  readonly method: string;
  readonly target: Ask["target"];
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage, target: Ask["target"]) {
    this.method = request.method ?? "GET";
    this.target = target;
    this.#request = request;
  }

  get address(): string {
    return this.#request.socket.remoteAddress ?? "unknown";
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === "string" ? value : value?.[0];
  }

  *headers(): Iterable<readonly [string, string]> {
    for (const [name, value] of Object.entries(this.#request.headers)) {
      const text = typeof value === "string" ? value : value?.[0];
      if (text !== undefined) yield [name, text] as const;
    }
  }
}
