import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeLogs, decodeTraces, type LogRecord, type Span } from "@flagspan/bridge/otlp";

/** A site with one page, its API and the OTLP receivers its telemetry goes to. */
export interface Site {
  readonly url: string;
  readonly spans: readonly Span[];
  /** What came by the page's logger provider. */
  readonly logs: readonly LogRecord[];
  /** What came by the fast lane. */
  readonly guard: readonly LogRecord[];
  /** Every telemetry body, as it was sent. */
  readonly payloads: readonly string[];
  close(): Promise<void>;
}

/** Serves a page around a module script. `/api/ok` answers, `/api/broken` fails with 503, `/api/gone` breaks off. */
export async function startSite(script: string): Promise<Site> {
  const spans: Span[] = [];
  const logs: LogRecord[] = [];
  const guard: LogRecord[] = [];
  const payloads: string[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const type = request.headers["content-type"] ?? "";
      if (request.method === "POST") payloads.push(body.toString("utf8"));
      if (request.url === "/v1/traces") spans.push(...recordsOf(decodeTraces(body, type)));
      if (request.url === "/v1/logs") logs.push(...recordsOf(decodeLogs(body, type)));
      if (request.url === "/guard/v1/logs") guard.push(...recordsOf(decodeLogs(body, type)));
      const [status, contentType, answer] = route(request.url ?? "", script);
      if (request.url === "/api/gone") request.socket.destroy();
      else response.writeHead(status, { "content-type": contentType }).end(answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    guard,
    payloads,
    close: () => close(server),
  };
}

const page = `<!doctype html><html lang="en"><title>shop</title>
<h1>The shop</h1><button id="buy">buy</button><button id="stock">stock</button><button id="ok">ok</button>
<button id="xhr">xhr</button>
<script type="module" src="/app.js"></script></html>`;

function route(url: string, script: string): readonly [status: number, contentType: string, answer: string] {
  if (url === "/" || url.startsWith("/?")) return [200, "text/html", page];
  if (url === "/app.js") return [200, "text/javascript", script];
  if (url.startsWith("/api/broken")) return [503, "text/plain", "out of stock"];
  return [200, "application/json", "{}"];
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function recordsOf<T>(
  decoded:
    | { readonly ok: true; readonly records: readonly T[] }
    | { readonly ok: false; readonly problem: string },
): readonly T[] {
  if (!decoded.ok) throw new Error(decoded.problem);
  return decoded.records;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
