import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** A proxy that only tunnels (RFC 9110 §9.3.6), as company networks have them. */
export class ConnectProxy {
  /** What was asked for: `host:port`, once per tunnel. */
  readonly tunnels: string[] = [];
  /** How many were turned away with 407. */
  refused = 0;
  readonly open = new Set<Socket>();
  readonly #server: Server;

  /** With `credentials`, `user:password`, it asks for them. */
  constructor(credentials?: string) {
    const wanted =
      credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    this.#server = createServer((_request, response) => response.writeHead(405).end());
    this.#server.on("connect", (request, client: Socket) => {
      client.on("error", () => client.destroy());
      if (wanted !== undefined && request.headers["proxy-authorization"] !== wanted) {
        this.refused++;
        client.end("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n");
        return;
      }
      const target = request.url ?? "";
      this.tunnels.push(target);
      const { hostname, port } = new URL(`http://${target}`);
      const server = connect(Number(port), hostname, () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        client.pipe(server).pipe(client);
      });
      this.open.add(client);
      server.on("error", () => client.destroy());
      server.on("close", () => client.destroy());
      client.on("close", () => {
        this.open.delete(client);
        server.destroy();
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
