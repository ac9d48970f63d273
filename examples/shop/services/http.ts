import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { pinoFlagMixin } from "@flagspan/telemetry";

/** One line of JSON per entry on standard output, with the flags of the request in it. */
export const log = pino({ level: process.env["LOG_LEVEL"] ?? "info", mixin: pinoFlagMixin() });

/** Answers with a JSON body. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Resolves after `ms` milliseconds: the work a real shop would be doing. */
export function work(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves `routes` ("GET /path") on 127.0.0.1 and tells the parent process the port. */
export function serve(routes: Readonly<Record<string, Handler>>, port: number): void {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const handler = routes[`${request.method} ${path}`];
    if (handler === undefined) {
      sendJson(response, 404, { error: `no route ${request.method} ${path}` });
      return;
    }
    handler(request, response).catch((error: unknown) => {
      log.error({ err: error }, "request failed");
      if (!response.headersSent) sendJson(response, 500, { error: "internal error" });
      else response.destroy();
    });
  });
  server.listen(port, "127.0.0.1", () => {
    const bound = (server.address() as AddressInfo).port;
    process.send?.({ listening: bound });
    log.info({ port: bound }, "listening");
  });
}
