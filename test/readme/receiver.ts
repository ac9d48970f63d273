import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeLogs, decodeTraces } from "@flagspan/bridge/otlp";

/** A place for OTLP that remembers what came, and that pages may reach. */
export interface Receiver {
  readonly url: string;
  /** Attributes of every span received, with its name. */
  readonly spans: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** Names of the log events received. */
  readonly events: readonly string[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const spans: { name: string; attributes: Readonly<Record<string, unknown>> }[] = [];
  const events: string[] = [];
  const server = createServer((request, response) => {
    const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization, *" };
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const type = request.headers["content-type"] ?? "";
      if (request.url === "/v1/traces" && request.method === "POST") {
        const decoded = decodeTraces(body, type);
        if (decoded.ok) spans.push(...decoded.records);
      }
      if (request.url === "/v1/logs" && request.method === "POST") {
        const decoded = decodeLogs(body, type);
        if (decoded.ok) events.push(...decoded.records.map(({ eventName }) => eventName ?? ""));
      }
      response.writeHead(200, { "content-type": "application/json", ...cors }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    events,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
