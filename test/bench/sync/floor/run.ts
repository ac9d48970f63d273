import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The least a node server can do for the same bytes: it reads the body, parses it and sends an answer made beforehand.
 * No key is checked, nothing is evaluated, nothing is counted. Prints one JSON line when it listens, and answers each
 * line on its standard input with the CPU time it has used so far.
 *
 * node floor/run.js <answer as JSON: { status, headers, body }>
 */
const answer = JSON.parse(process.argv[2] ?? "{}") as {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
const headers = Object.entries(answer.headers).flat();
const body = Buffer.from(answer.body);

const server = createServer({ noDelay: true }, (request, response) => {
  const send = (): void => {
    response.writeHead(answer.status, headers);
    if (body.length === 0) response.end();
    else response.end(body);
  };
  if (request.method === "GET") {
    send();
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.once("end", () => {
    JSON.parse(Buffer.concat(chunks).toString());
    send();
  });
});
server.listen({ port: 0, host: "127.0.0.1" }, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.stdin.on("data", () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6 })}\n`);
});
