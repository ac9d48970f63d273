import { connect } from "node:net";
import type { Socket } from "node:net";

/**
 * Holds many event streams on raw sockets, from several loopback addresses so that ports do not run out. It says how
 * many are open, when each got each event, and how many had to come back.
 *
 * node swarm/run.js <url> <key> <count> <first address byte>
 */
const [url = "", key = "", count = "1", firstByte = "2"] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const PER_ADDRESS = 5000;
const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

let open = 0;
let refused = 0;
let received: number[] = [];
const startedMicros = nowMicros();

function join(index: number, lastEventId: string): void {
  const localAddress = `127.0.0.${Number(firstByte) + Math.floor(index / PER_ADDRESS)}`;
  const socket: Socket = connect({ host: hostname, port: Number(port), localAddress });
  let isOpen = false;
  let held = lastEventId;
  const again = (delayMs: number): void => {
    setTimeout(() => join(index, held), delayMs * (0.5 + Math.random()));
  };
  socket.on("connect", () => {
    const resume = held === "" ? "" : `last-event-id: ${held}\r\n`;
    socket.write(
      `GET /v1/rulesets/shop.prod/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\n${resume}\r\n`,
    );
  });
  socket.on("data", (chunk: Buffer) => {
    const text = chunk.toString("latin1");
    if (!isOpen) {
      if (!text.startsWith("HTTP/1.1 200")) {
        refused += 1;
        socket.destroy();
        return;
      }
      isOpen = true;
      open += 1;
    }
    const id = /(?:^|\n)id: (\d+)\n/.exec(text)?.[1];
    if (id !== undefined) held = id;
    if (text.includes("event: patch")) received.push(nowMicros());
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (isOpen) open -= 1;
    again(1000);
  });
}

// In small groups, as a fleet that starts does not start in one instant.
let next = 0;
const pace = setInterval(() => {
  for (let step = 0; step < 25 && next < Number(count); step += 1) {
    join(next, "");
    next += 1;
  }
  if (next >= Number(count)) clearInterval(pace);
}, 5);

process.stdin.setEncoding("utf8");
process.stdin.on("data", () => {
  process.stdout.write(
    `${JSON.stringify({ open, refused, received, seconds: (nowMicros() - startedMicros) / 1e6 })}\n`,
  );
  received = [];
});
