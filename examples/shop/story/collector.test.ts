import { gzipSync } from "node:zlib";
import { encodeLogs } from "@flagspan/bridge/otlp";
import { afterEach, expect, test } from "vitest";
import { startCollector, type Collector } from "./collector.ts";

const started: Collector[] = [];
afterEach(async () => {
  for (const collector of started.splice(0)) await collector.close();
});

async function start(forwardTo?: string): Promise<Collector> {
  const collector = await startCollector(forwardTo);
  started.push(collector);
  return collector;
}

const payload = encodeLogs([
  {
    resource: { "service.name": "stock" },
    scope: { name: "test" },
    timeUnixMs: 1,
    body: "stock reserved",
    attributes: {},
  },
]);

const send = (
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${url}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

test("what arrives is remembered and passed on to the outside backend", async () => {
  const outside = await start();
  const collector = await start(outside.url);
  expect((await send(collector.url, payload)).status).toBe(200);
  expect((await send(collector.url, gzipSync(payload), { "content-encoding": "gzip" })).status).toBe(200);
  for (let waited = 0; outside.received.logs.length < 2 && waited < 5_000; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(collector.received.logs.map((log) => log.body)).toEqual(["stock reserved", "stock reserved"]);
  expect(outside.received.logs).toEqual(collector.received.logs);
});

test("an outside backend that is down costs nothing but a count", async () => {
  const collector = await start("http://127.0.0.1:9");
  expect((await send(collector.url, payload)).status).toBe(200);
  for (let waited = 0; collector.received.refused.length === 0 && waited < 5_000; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(collector.received.logs).toHaveLength(1);
  expect(collector.received.refused[0]).toMatch(/forwarding \/v1\/logs/);
});

test("a payload that is no OTLP is refused with the reason", async () => {
  const collector = await start();
  await send(collector.url, "{ not json");
  expect(collector.received.logs).toHaveLength(0);
  expect(collector.received.refused[0]).toMatch(/\/v1\/logs: OTLP logs: not JSON/);
});
