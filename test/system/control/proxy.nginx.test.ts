import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openEvents } from "../../control/http/sse.ts";
import { startControl } from "../../control/start.ts";
import type { TestControl } from "../../control/start.ts";

const directory = mkdtempSync(join(tmpdir(), "flagspan-nginx-"));
let control: TestControl;
let nginx: ChildProcess;
let proxyUrl: string;

beforeAll(async () => {
  control = await startControl();
  const port = await freePort();
  proxyUrl = `http://127.0.0.1:${port}`;
  // Nothing about buffering, HTTP versions or time limits: what somebody writes who has never heard of event streams.
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
     events {}
     http { access_log off; client_body_temp_path ${directory}/b; proxy_temp_path ${directory}/p;
       fastcgi_temp_path ${directory}/f; uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
       server { listen 127.0.0.1:${port}; location / { proxy_pass ${control.url}; } } }`,
  );
  nginx = spawn("nginx", ["-p", directory, "-c", join(directory, "nginx.conf")], { stdio: "inherit" });
  await untilUp();
});
afterAll(async () => {
  const ended = new Promise((resolve) => nginx.once("close", resolve));
  nginx.kill("SIGTERM");
  await ended;
  rmSync(directory, { recursive: true, force: true });
});

async function untilUp(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${proxyUrl}/healthz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe("behind nginx with its default buffering", () => {
  it("a stream's events arrive one by one, not when a buffer is full", async () => {
    const stream = await openEvents(`${proxyUrl}/v1/rulesets/shop.prod/stream`, {
      authorization: `Bearer ${control.keys.sync}`,
    });
    expect(await stream.next()).toMatchObject({ event: "snapshot", id: "1" });
    for (let index = 0; index < 5; index += 1) {
      await control.ask("PATCH", "/v1/flags/shop.prod/banner", {
        body: { flag: { defaultVariant: index % 2 === 0 ? "b" : "a" }, reason: "toggle" },
      });
      expect(await stream.next()).toMatchObject({ event: "patch", id: String(index + 2) });
    }
    stream.close();
    await expect.poll(() => control.control.streams.clients).toBe(0);
  });

  it("flag keys with a slash and conditional requests go through unchanged", async () => {
    const headers = { authorization: `Bearer ${control.keys.everything}` };
    expect((await fetch(`${proxyUrl}/v1/flags/shop.prod/checkout%2Fnew`, { headers })).status).toBe(200);
    const first = await fetch(`${proxyUrl}/v1/rulesets/shop.prod`, { headers });
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(`${proxyUrl}/v1/rulesets/shop.prod`, {
      headers: { ...headers, "if-none-match": etag },
    });
    expect(again.status).toBe(304);
  });
});
