import { Agent, createServer, request } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What stands in front of several control processes, as in production. */
export interface Balancer {
  readonly url: string;
  /** Ends all streams and refuses new ones: providers are left to polling. */
  cutStreams(): void;
  close(): void;
}

/** Sends each request to the next backend that answers; a backend that does not is skipped. */
export async function startBalancer(backends: readonly string[]): Promise<Balancer> {
  let [turn, cut] = [0, false];
  const streams = new Set<ServerResponse>();
  // Connections are kept, as every balancer does: 504 polls a second must not be 504 handshakes a second.
  const agent = new Agent({ keepAlive: true, maxSockets: 1024 });
  const server = createServer((incoming, outgoing) => {
    const isStream = incoming.url?.includes("/stream") === true;
    if (isStream && cut) {
      outgoing.writeHead(503).end();
      return;
    }
    if (isStream) {
      streams.add(outgoing);
      outgoing.once("close", () => streams.delete(outgoing));
    }
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    const start = (turn += 1);
    incoming.on("end", () => attempt(0));
    const attempt = (tried: number): void => {
      const backend = backends[(start + tried) % backends.length] as string;
      const forwarded = request(
        new URL(incoming.url ?? "/", backend),
        { method: incoming.method, headers: incoming.headers, agent },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
          answer.once("close", () => {
            if (!answer.complete) outgoing.destroy();
          });
        },
      );
      forwarded.on("error", () => {
        if (outgoing.headersSent) outgoing.destroy();
        else if (tried + 1 < backends.length) attempt(tried + 1);
        else outgoing.writeHead(502).end();
      });
      outgoing.once("close", () => forwarded.destroy());
      forwarded.end(Buffer.concat(chunks));
    };
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutStreams() {
      cut = true;
      for (const stream of streams) stream.destroy();
    },
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
