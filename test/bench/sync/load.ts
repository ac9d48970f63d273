import { connect } from "node:net";

/** Sends requests in turn, over and over, on a few kept connections and counts complete answers until `untilMs`. */
export async function sendRequests(
  url: string,
  requests: readonly string[],
  untilMs: number,
  connections: number,
): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: connections }, (_, index) => sendOnOne(url, requests, index, untilMs)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function sendOnOne(
  url: string,
  requests: readonly string[],
  first: number,
  untilMs: number,
): Promise<number> {
  const { hostname, port } = new URL(url);
  let sent = first;
  const next = (): string => requests[sent++ % requests.length] ?? "";
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let answered = 0;
    let missing = -1;
    socket.on("connect", () => socket.write(next()));
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      if (missing === -1) {
        const head = chunk.toString("latin1", 0, Math.min(chunk.length, 2048));
        const end = head.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        missing = length - (chunk.length - end - 4);
        const status = head.slice(9, 12);
        if (status !== "200" && status !== "304") reject(new Error(`answered ${head.slice(0, 60)}`));
      } else missing -= chunk.length;
      if (missing > 0) return;
      missing = -1;
      answered += 1;
      if (performance.now() < untilMs) socket.write(next());
      else {
        socket.destroy();
        resolve(answered);
      }
    });
  });
}
