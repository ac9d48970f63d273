import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeLogs, decodeTraces, type Attributes } from "@flagspan/bridge/otlp";

/** A span or a log record, as far as these tests look at it. */
export interface Received {
  readonly signal: "span" | "log";
  readonly service: string;
  readonly traceId: string;
  readonly name: string;
  /** When a span ended, or when a record was written. */
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** An OTLP/HTTP receiver that also plays the upstream service of the apps (`/stock`). */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port; everything it is sent is decoded with the bridge's own codec. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const type = request.headers["content-type"] ?? "";
      if (request.url === "/v1/traces") received.push(...readSpans(body, type));
      if (request.url === "/v1/logs") received.push(...readLogs(body, type));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function readSpans(body: Uint8Array, type: string): readonly Received[] {
  const decoded = decodeTraces(body, type);
  if (!decoded.ok) throw new Error(decoded.problem);
  return decoded.records.map((span) => ({
    signal: "span",
    service: String(span.resource["service.name"]),
    traceId: span.traceId,
    name: span.name,
    atMs: span.endUnixMs,
    attributes: span.attributes,
  }));
}

function readLogs(body: Uint8Array, type: string): readonly Received[] {
  const decoded = decodeLogs(body, type);
  if (!decoded.ok) throw new Error(decoded.problem);
  return decoded.records.map((record) => ({
    signal: "log",
    service: String(record.resource["service.name"]),
    traceId: record.traceId ?? "",
    name: record.eventName ?? record.body ?? "",
    atMs: record.timeUnixMs,
    attributes: record.attributes,
  }));
}
