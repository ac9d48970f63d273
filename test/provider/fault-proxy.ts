import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** What goes wrong on a connection. The first group harms the transport, the second answers in the server's place. */
export type ProxyFault =
  | { readonly kind: "none" }
  | { readonly kind: "latency"; readonly delayMs: number }
  /** The connection is reset after so many bytes of the answer. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Accepted, and then nothing is ever said again, not even goodbye. */
  | { readonly kind: "half-open"; readonly afterBytes: number }
  /** The answer comes in slices of so many bytes. */
  | { readonly kind: "slicer"; readonly bytes: number }
  /** One bit of the answer's body is flipped. */
  | { readonly kind: "corrupt-byte"; readonly atByte: number }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "captive-portal" }
  | { readonly kind: "truncated-gzip" }
  | { readonly kind: "empty-body" };

/** A TCP proxy that applies the present fault to every new connection. */
export class FaultProxy {
  fault: ProxyFault = { kind: "none" };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: () => number;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#serve(client, this.fault));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every open connection. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket, fault: ProxyFault): void {
    this.#track(client);
    const canned = answerInstead(fault);
    if (canned !== undefined) {
      client.once("data", () => client.end(canned));
      return;
    }
    const server = connect(this.#targetPort(), "127.0.0.1");
    this.#track(server);
    client.on("data", (chunk) => server.write(chunk));
    let passed = 0;
    server.on("data", (chunk) => {
      const before = passed;
      passed += chunk.length;
      relay(client, chunk, before, fault);
    });
    client.on("close", () => server.destroy());
    server.on("close", () => {
      if (fault.kind !== "half-open")
        setTimeout(() => client.end(), fault.kind === "latency" ? fault.delayMs : 0);
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

/** Passes one chunk of the server's answer on, as the fault has it. `before` counts the bytes that came earlier. */
function relay(client: Socket, chunk: Buffer, before: number, fault: ProxyFault): void {
  switch (fault.kind) {
    case "latency":
      setTimeout(() => client.write(chunk), fault.delayMs);
      return;
    case "cut":
      client.write(chunk.subarray(0, Math.max(0, fault.afterBytes - before)));
      if (before + chunk.length > fault.afterBytes) client.resetAndDestroy();
      return;
    case "half-open":
      client.write(chunk.subarray(0, Math.max(0, fault.afterBytes - before)));
      return;
    case "slicer":
      for (let at = 0; at < chunk.length; at += fault.bytes)
        client.write(chunk.subarray(at, at + fault.bytes));
      return;
    case "corrupt-byte": {
      const at = fault.atByte - before;
      const damaged = Buffer.from(chunk);
      if (at >= 0 && at < damaged.length) damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      client.write(damaged);
      return;
    }
    case "none":
    case "status":
    case "captive-portal":
    case "truncated-gzip":
    case "empty-body":
      client.write(chunk);
  }
}

function answerInstead(fault: ProxyFault): Buffer | undefined {
  const answer = (head: string, body: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${head}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`),
      body,
    ]);
  switch (fault.kind) {
    case "status":
      return answer(`${fault.status} Fault`, Buffer.alloc(0));
    case "captive-portal":
      return answer("200 OK\r\ncontent-type: text/html", Buffer.from("<html>Please log in</html>"));
    case "truncated-gzip":
      return answer(
        "200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip",
        gzipSync('{"flags":{},"metadata":{"version":"999999"}}').subarray(0, 30),
      );
    case "empty-body":
      return answer("200 OK\r\ncontent-type: application/json", Buffer.alloc(0));
    case "none":
    case "latency":
    case "cut":
    case "half-open":
    case "slicer":
    case "corrupt-byte":
      return undefined;
  }
  return undefined;
}
