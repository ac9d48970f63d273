import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startControlProcess } from "./control-process.ts";
import type { ControlProcess } from "./control-process.ts";

const GIB = 2 ** 30;
const ALLOWED_GROWTH = 20 * 2 ** 20;

let control: ControlProcess;
beforeAll(async () => {
  control = await startControlProcess("memory");
  // What a process needs once, it needs before the first large body.
  for (let index = 0; index < 200; index += 1) {
    await control.ask("PUT", "/v1/flags/shop.prod/x", { reason: "x".repeat(1000) });
  }
  for (let index = 0; index < 3; index += 1) {
    await control.ask("PUT", "/v1/rulesets/shop.prod", { ruleset: "x".repeat(6 << 20) });
  }
});
afterAll(() => control.kill());

/** Pushes a gigabyte at control for as long as it takes it; answers the status line. */
function push(head: readonly string[], chunked: boolean): Promise<{ status: string; sent: number }> {
  const { hostname, port } = new URL(control.url);
  const piece = Buffer.alloc(1 << 20, "x");
  const framed = chunked
    ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")])
    : piece;
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    let sent = 0;
    const pump = (): void => {
      while (sent < GIB && !socket.destroyed) {
        sent += piece.length;
        if (!socket.write(framed)) {
          socket.once("drain", pump);
          return;
        }
      }
    };
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve({ status: answer.split("\r\n")[0] ?? "", sent }));
    socket.on("connect", () => {
      socket.write(`${head.join("\r\n")}\r\n\r\n`);
      pump();
    });
  });
}

describe("a body of a gigabyte", () => {
  it.each([
    { path: "/ofrep/v1/evaluate/flags", method: "POST" },
    { path: "/v1/flags/shop.prod/x", method: "PUT" },
    { path: "/v1/rulesets/shop.prod", method: "PUT" },
    { path: "/v1/logs", method: "POST" },
    { path: "/hooks/launchdarkly", method: "POST" },
  ])(
    "is refused with 413 at $path, announced or in chunks, and costs no memory",
    async ({ path, method }) => {
      const before = control.rss();
      const head = [`${method} ${path} HTTP/1.1`, "host: control", `authorization: Bearer ${control.key}`];
      let most = before;
      const watching = setInterval(() => {
        most = Math.max(most, control.rss());
      }, 5);
      const announced = await push([...head, `content-length: ${GIB}`], false);
      const chunked = await push([...head, "transfer-encoding: chunked"], true);
      clearInterval(watching);
      expect(announced.status).toMatch(/^HTTP\/1\.1 413 /);
      expect(chunked.status).toMatch(/^HTTP\/1\.1 413 /);
      expect(most - before).toBeLessThan(ALLOWED_GROWTH);
    },
  );
});
