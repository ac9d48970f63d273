import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import {
  decodeLogs,
  decodeMetrics,
  decodeTraces,
  type LogRecord,
  type MetricPoint,
  type Span,
} from "@flagspan/bridge/otlp";

/** Everything that went through a tap and was accepted behind it. */
export interface Copy {
  readonly spans: Span[];
  readonly logs: LogRecord[];
  readonly points: MetricPoint[];
  /** Payloads that were not accepted behind the tap, or could not be read, with the reason. */
  readonly refused: string[];
}

/** A place in the line of OTLP/HTTP where what passes is copied. */
export interface Tap {
  readonly url: string;
  readonly copy: Copy;
  close(): Promise<void>;
}

/** Starts a tap that hands every request on to `target`, as it is, and answers what `target` answers. */
export async function startTap(target: string): Promise<Tap> {
  const copy: Copy = { spans: [], logs: [], points: [], refused: [] };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const path = request.url ?? "";
      try {
        const answer = await fetch(`${target}${path}`, {
          method: "POST",
          headers: passedHeaders(request),
          body: Buffer.from(body),
        });
        if (answer.ok) take(copy, path, body, request);
        else copy.refused.push(`${path}: ${answer.status}`);
        const type = answer.headers.get("content-type") ?? "application/json";
        response
          .writeHead(answer.status, { "content-type": type })
          .end(Buffer.from(await answer.arrayBuffer()));
      } catch (error) {
        copy.refused.push(`${path}: ${String(error)}`);
        response.writeHead(503).end();
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    copy,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function take(copy: Copy, path: string, body: Uint8Array, request: IncomingMessage): void {
  const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const type = request.headers["content-type"] ?? "application/json";
  const keep = <T>(
    to: T[],
    decoded: { ok: true; records: readonly T[] } | { ok: false; problem: string },
  ): void => {
    if (decoded.ok) to.push(...decoded.records);
    else copy.refused.push(`${path}: ${decoded.problem}`);
  };
  if (path.endsWith("/v1/traces")) keep(copy.spans, decodeTraces(plain, type));
  else if (path.endsWith("/v1/logs")) keep(copy.logs, decodeLogs(plain, type));
  else keep(copy.points, decodeMetrics(plain, type));
}

function passedHeaders(request: IncomingMessage): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["content-type", "content-encoding", "authorization"]) {
    const value = request.headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  return passed;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
