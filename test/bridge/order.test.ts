import { createHmac } from "node:crypto";
import { createBridge, otlpSink } from "@flagspan/bridge";
import { decodeLogs, type LogRecord } from "@flagspan/bridge/otlp";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import { createControl, openMemoryStore } from "@flagspan/control";
import { afterEach, expect, test } from "vitest";
import { startReceiver } from "./receiver.ts";
import { until } from "./until.ts";

const secret = "a-long-shared-secret";
const startMs = Date.parse("2026-01-31T12:00:00Z");
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** The `n`th change of a flag, as LaunchDarkly sends it. */
function createEntry(flagKey: string, n: number): string {
  return JSON.stringify({
    _id: `${flagKey}-${n}`,
    kind: "flag",
    date: startMs + n * 1000,
    titleVerb: n % 2 === 0 ? "turned off the flag" : "turned on the flag",
    accesses: [{ action: "updateOn", resource: `proj/web:env/production:flag/${flagKey}` }],
    member: { email: "ada@example.com" },
  });
}

/** A control with LaunchDarkly's webhook, a bridge beside it, and a collector behind that. */
async function start(): Promise<{
  readonly send: (body: string) => Promise<number>;
  readonly arrived: () => readonly LogRecord[];
  readonly startBridge: () => void;
}> {
  const store = await openMemoryStore();
  const control = createControl({
    store,
    webhooks: createWebhookIntake({ vendors: { launchdarkly: { secret } } }),
    limits: { strangerRatePerSecond: 1_000_000 },
  });
  const collector = await startReceiver();
  const bridge = createBridge({
    outbox: control.outbox,
    sinks: [otlpSink({ endpoint: collector.url, signals: ["logs"] })],
  });
  ends.push(
    () => bridge.stop(),
    () => control.close(),
    () => collector.close(),
    () => store.close(),
  );
  return {
    startBridge: () => bridge.start(),
    async send(body) {
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const request = new Request("http://control/hooks/launchdarkly", {
        method: "POST",
        headers: { "content-type": "application/json", "x-ld-signature": signature },
        body,
      });
      return (await control.fetch(request)).status;
    },
    arrived: () =>
      collector.requests.flatMap(({ body }) => {
        const decoded = decodeLogs(new TextEncoder().encode(body), "application/json");
        return decoded.ok ? decoded.records : [];
      }),
  };
}

test("duplicate and re-ordered webhooks: each change arrives once, each flag's in the order of the vendor's time", async () => {
  const { send, arrived, startBridge } = await start();
  const flags = ["a", "b", "c"];
  const deliveries = flags.flatMap((flag) => Array.from({ length: 20 }, (_, n) => createEntry(flag, n)));
  // Every delivery twice, in an order that has nothing to do with time, and some at once.
  const shuffled = [...deliveries, ...deliveries].map((body, index) => ({ body, at: (index * 37) % 120 }));
  shuffled.sort((a, b) => a.at - b.at);
  const statuses: number[] = [];
  for (let index = 0; index < shuffled.length; index += 4)
    statuses.push(...(await Promise.all(shuffled.slice(index, index + 4).map(({ body }) => send(body)))));
  expect(new Set(statuses)).toEqual(new Set([200]));
  startBridge();
  await until("all changes", () => arrived().length >= 60);

  const ids = arrived().map(({ attributes }) => String(attributes["feature_flag.change.id"]));
  expect(new Set(ids).size).toBe(60);
  expect(ids).toHaveLength(60);
  for (const flag of flags) {
    const times = arrived()
      .filter(({ attributes }) => attributes["feature_flag.key"] === flag)
      .map(({ timeUnixMs }) => (timeUnixMs - startMs) / 1000);
    expect(times).toEqual(Array.from({ length: 20 }, (_, n) => n));
  }
});

test("a change that arrives after a newer one was told is told at its own time, and the newer one is not told again", async () => {
  const { send, arrived, startBridge } = await start();
  startBridge();
  await send(createEntry("a", 2));
  await until("the newer one", () => arrived().length === 1);
  await send(createEntry("a", 1));
  await until("the late one", () => arrived().length === 2);
  await send(createEntry("a", 2));
  await send(createEntry("a", 3));
  await until("the newest", () => arrived().length === 3);
  expect(arrived().map(({ timeUnixMs }) => (timeUnixMs - startMs) / 1000)).toEqual([2, 1, 3]);
  const late = arrived()[1];
  expect(late.observedUnixMs).toBeGreaterThan(late.timeUnixMs);
  expect(late.attributes["feature_flag.change.action"]).toBe("enabled");
});
