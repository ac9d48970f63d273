import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** What stands in front of several control processes, as in production. */
export interface Balancer {
  readonly url: string;
  /** Ends all streams and refuses new ones: providers are left to polling. */
  cutStreams(): void;
  close(): void;
}

const unavailable = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/**
 * Passes connections on to the backends in turn, as a network balancer does: one that cannot be reached is skipped, and a connection ends when its
 * backend dies. It looks into what passes only to tell streams from other requests.
 */
export async function startBalancer(backends: readonly string[]): Promise<Balancer> {
  let [turn, cut] = [0, false];
  const clients = new Set<Socket>();
  const streams = new Set<Socket>();

  const server = createServer({ noDelay: true }, (client) => {
    const start = (turn += 1);
    let waiting: Buffer[] | undefined;
    let upstream: Socket | undefined;
    clients.add(client);
    client.on("error", () => client.destroy());
    client.once("close", () => {
      clients.delete(client);
      streams.delete(client);
      upstream?.destroy();
    });
    client.on("data", (chunk: Buffer) => {
      if (/^GET \S+\/stream\b/.test(chunk.toString("latin1", 0, 200))) {
        if (cut) {
          client.write(unavailable);
          return;
        }
        streams.add(client);
      }
      if (waiting !== undefined) waiting.push(chunk);
      else if (upstream !== undefined) upstream.write(chunk);
      else {
        waiting = [chunk];
        attempt(0);
      }
    });

    function attempt(tried: number): void {
      if (tried === backends.length) {
        client.destroy();
        return;
      }
      const { hostname, port } = new URL(backends[(start + tried) % backends.length] as string);
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once("connect", () => {
        upstream = socket;
        for (const chunk of waiting ?? []) socket.write(chunk);
        waiting = undefined;
      });
      socket.on("data", (chunk: Buffer) => client.write(chunk));
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        if (upstream === socket) client.destroy();
        else if (!client.destroyed) attempt(tried + 1);
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutStreams() {
      cut = true;
      for (const stream of streams) stream.destroy();
    },
    close() {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}
