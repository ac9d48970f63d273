import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeLogs } from "@flagspan/bridge/otlp";

/** What stands in the place of control's intake of outcomes. */
export interface Ear {
  readonly url: string;
  outcomes: number;
  otherLogs: number;
  close(): void;
}

/** Takes OTLP logs, as control's intake does, and counts them. */
export async function listen(): Promise<Ear> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const contentType = request.headers["content-type"] ?? "";
      const decoded = decodeLogs(body, contentType);
      for (const { eventName } of decoded.ok ? decoded.records : []) {
        if (eventName === "feature_flag.outcome") ear.outcomes += 1;
        else ear.otherLogs += 1;
      }
      response.writeHead(200, { "content-type": contentType }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ear: Ear = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outcomes: 0,
    otherLogs: 0,
    close: () => void server.close(),
  };
  return ear;
}
