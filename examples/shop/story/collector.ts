import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeLogs, decodeTraces, type LogRecord, type Span } from "@flagspan/bridge/otlp";

/** Everything that reached the collector over OTLP, in order of arrival. The summary is computed from this and nothing else. */
export interface Received {
  readonly spans: Span[];
  readonly logs: LogRecord[];
  /** Payloads that could not be read, with the reason. */
  readonly refused: string[];
}

/** A running collector: an OTLP/HTTP receiver on a free port of this machine. */
export interface Collector {
  readonly url: string;
  readonly received: Received;
  close(): Promise<void>;
}

const maxRecords = 400_000;

/**
 * Stands where a team's OpenTelemetry Collector stands: takes traces, logs and metrics over OTLP/HTTP (JSON or protobuf), remembers
 * what the story needs, and passes every payload on to `forwardTo` (an OTLP/HTTP base URL), if one is given.
 */
export async function startCollector(forwardTo: string | undefined): Promise<Collector> {
  const received: Received = { spans: [], logs: [], refused: [] };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const contentType = request.headers["content-type"] ?? "application/json";
      take(received, request.url ?? "", body, contentType);
      response.writeHead(200, { "content-type": contentType });
      response.end(contentType.includes("json") ? "{}" : "");
      if (forwardTo !== undefined) await forward(forwardTo, request.url ?? "", body, contentType, received);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
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

function take(received: Received, path: string, body: Uint8Array, contentType: string): void {
  if (path.endsWith("/v1/traces") && received.spans.length < maxRecords) {
    const decoded = decodeTraces(body, contentType);
    if (decoded.ok) received.spans.push(...decoded.records);
    else received.refused.push(`${path}: ${decoded.problem}`);
  } else if (path.endsWith("/v1/logs") && received.logs.length < maxRecords) {
    const decoded = decodeLogs(body, contentType);
    if (decoded.ok) received.logs.push(...decoded.records);
    else received.refused.push(`${path}: ${decoded.problem}`);
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
}

async function forward(
  base: string,
  path: string,
  body: Uint8Array,
  contentType: string,
  received: Received,
): Promise<void> {
  try {
    await fetch(`${base.replace(/\/$/, "")}${path}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: Buffer.from(body),
      signal: AbortSignal.timeout(5_000),
    });
  } catch (error) {
    // The story goes on without the outside backend; the count is told at the end.
    received.refused.push(`forwarding ${path}: ${String(error)}`);
  }
}
