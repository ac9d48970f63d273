import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWebhookIntake, type WebhookAnswer } from "@flagspan/bridge/webhooks";
import { openMemoryStore, openSqliteStore, type Store } from "@flagspan/control";
import { afterEach, expect, test } from "vitest";

const secret = "wk_a-long-shared-secret";
const startMs = Date.parse("2026-01-31T12:00:00Z");
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Documents = Store["documents"];

/** Sends GrowthBook's payload webhook to a control process that has just started: all it knows is in the documents. */
function send(
  documents: Documents,
  id: string,
  features: object,
  atMs: number = startMs,
): Promise<WebhookAnswer> {
  const seconds = String(atMs / 1000);
  const body = JSON.stringify({
    type: "payload.changed",
    timestamp: seconds,
    data: { payload: JSON.stringify({ features }) },
  });
  const signature = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
  return createWebhookIntake({
    vendors: { growthbook: { secret } },
    documents,
    clock: { now: () => atMs },
  }).receive({
    vendor: "growthbook",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${signature}`,
    },
    rawBody: new TextEncoder().encode(body),
    query: { connection: "prod" },
  });
}

const told = ({ changes }: WebhookAnswer) =>
  changes.map(({ id, flagKey, action }) => `${id} ${flagKey} ${action}`);

async function openDocuments(): Promise<Documents> {
  const store = await openMemoryStore();
  open.push(() => store.close());
  return store.documents;
}

test("the first payload is remembered, and the next is compared with it after a restart of process and store", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-payload-"));
  open.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "control.db");
  const first = await openSqliteStore({ path });
  const answer = await send(first.documents, "1", { a: { defaultValue: true }, b: {} });
  expect(answer).toMatchObject({ changes: [], unknown: "payload.changed seen first" });
  await first.close();

  const second = await openSqliteStore({ path });
  open.unshift(() => second.close());
  const changed = await send(second.documents, "2", { a: { defaultValue: false }, c: {} });
  expect(changed.status).toBe(200);
  expect(changed.unknown).toBeUndefined();
  expect(told(changed)).toEqual([
    "growthbook:2:a a updated",
    "growthbook:2:b b deleted",
    "growthbook:2:c c created",
  ]);
  expect(changed.changes[0]).toMatchObject({ flagSetId: "prod", occurredAt: "2026-01-31T12:00:00.000Z" });
});

test("a delivery that is sent again, because its changes could not be stored, means what it meant, also after the next one", async () => {
  const documents = await openDocuments();
  await send(documents, "1", { a: 1 });
  const second = await send(documents, "2", { a: 2 }, startMs + 1000);
  const third = await send(documents, "3", { a: 3 }, startMs + 2000);
  expect([told(second), told(third)]).toEqual([["growthbook:2:a a updated"], ["growthbook:3:a a updated"]]);
  expect(told(await send(documents, "2", { a: 2 }, startMs + 1000))).toEqual(told(second));
  expect(told(await send(documents, "3", { a: 3 }, startMs + 2000))).toEqual(told(third));
  expect(told(await send(documents, "4", { a: 3 }, startMs + 3000))).toEqual([]);
});

test("a payload that is older than the newest one does not undo it, and is kept as unknown", async () => {
  const documents = await openDocuments();
  await send(documents, "1", { a: 1 });
  await send(documents, "3", { a: 3 }, startMs + 2000);
  const late = await send(documents, "2", { a: 2 }, startMs + 1000);
  expect(late).toMatchObject({ changes: [], unknown: "payload.changed older than the newest" });
  expect(told(await send(documents, "4", { a: 3 }, startMs + 3000))).toEqual([]);
});

test("two processes that get the same delivery at once tell the same changes", async () => {
  const documents = await openDocuments();
  await send(documents, "1", { a: 1, b: 1 });
  const answers = await Promise.all([1, 2, 3, 4].map(() => send(documents, "2", { a: 2, b: 1 })));
  expect(answers.map(told)).toEqual(Array.from({ length: 4 }, () => ["growthbook:2:a a updated"]));
});

test("while the documents cannot be written the sender is asked to try again, and nothing is lost by it", async () => {
  const documents = await openDocuments();
  await send(documents, "1", { a: 1 });
  const full: Documents = {
    ...documents,
    put: () => Promise.reject(new Error("ENOSPC: no space left on device")),
  };
  expect(await send(full, "2", { a: 2 })).toMatchObject({ status: 503, changes: [] });
  expect(told(await send(documents, "2", { a: 2 }))).toEqual(["growthbook:2:a a updated"]);
});
