import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Asked {
  readonly context: Readonly<Record<string, unknown>>;
  readonly etag: string | undefined;
  /** The page has given it up. */
  aborted: boolean;
  readonly answer: () => void;
}

/** A small OFREP server with an event stream; the flag `user` is who asked, and `plan` what they pay for. */
export class SmallOfrep {
  status = 200;
  /** Answers wait until a test calls `answer`. */
  isHeld = false;
  offersStream = false;
  readonly asked: Asked[] = [];
  readonly streams = new Set<ServerResponse>();
  readonly #server: Server = createServer((request, response) => this.#take(request, response));

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Tells every page that listens to ask again. */
  announce(): void {
    for (const stream of this.streams) stream.write('data: {"type":"refetchEvaluation"}\n\n');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n");
      this.streams.add(response);
      response.on("close", () => this.streams.delete(response));
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { context } = JSON.parse(Buffer.concat(chunks).toString()) as { context: Asked["context"] };
      const etag = request.headers["if-none-match"];
      const asked: Asked = {
        context,
        etag,
        aborted: false,
        answer: () => this.#answer(response, context, etag),
      };
      response.on("close", () => (asked.aborted = !response.writableFinished));
      this.asked.push(asked);
      if (!this.isHeld) asked.answer();
    });
  }

  #answer(response: ServerResponse, context: Asked["context"], etag: string | undefined): void {
    const { targetingKey: user = "nobody", plan = "free" } = context as Readonly<Record<string, string>>;
    const current = `"${user} ${plan}"`;
    if (this.status !== 200) response.writeHead(this.status).end();
    else if (etag === current) response.writeHead(304).end();
    else {
      const flags = [
        { key: "user", value: user, variant: "one", reason: "TARGETING_MATCH" },
        { key: "plan", value: plan, variant: "one", reason: "TARGETING_MATCH" },
      ];
      const eventStreams = this.offersStream
        ? [{ type: "sse", url: `${this.url}/stream`, inactivityDelaySec: 7 }]
        : [];
      const headers = { etag: current, "content-type": "application/json" };
      response.writeHead(200, headers).end(JSON.stringify({ flags, eventStreams }));
    }
  }
}
