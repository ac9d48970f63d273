import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBridge, otlpSink, webhookSink, type Sink } from "@flagspan/bridge";
import { openSqliteStore } from "@flagspan/control";
import { afterEach, expect, test } from "vitest";
import { createChanges } from "../../bridge/changes.ts";
import { startReceiver } from "../../bridge/receiver.ts";
import { until } from "../../bridge/until.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const waiting = 3600;
/** What an answer of a backend elsewhere takes. */
const answerMs = 20;

test.each<[string, (url: string) => Sink]>([
  ["OTLP in batches, all three signals", (url) => otlpSink({ name: "sink", endpoint: url })],
  [
    "a webhook, one request for each change",
    (url) =>
      webhookSink({
        name: "sink",
        url,
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        allowPrivate: true,
      }),
  ],
])("3,600 waiting changes are drained from a real store within thirty seconds by %s", async (_, create) => {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-backlog-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const store = await openSqliteStore({ path: join(folder, "control.db") });
  ends.unshift(() => store.close());
  await store.audit.append(createChanges(waiting, 50));
  const receiver = await startReceiver(async () => {
    await new Promise((resolve) => setTimeout(resolve, answerMs));
    return { status: 200, body: "{}" };
  });
  ends.unshift(() => receiver.close());
  const bridge = createBridge({ outbox: store.outbox, sinks: [create(receiver.url)] });
  ends.unshift(() => bridge.stop());
  const startedMs = performance.now();
  bridge.start();
  await until("the last change", async () => (await store.outbox.cursor("sink")) === waiting);
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  expect(bridge.status()).toMatchObject([{ delivered: waiting, deadLettered: 0, retries: 0 }]);
});
