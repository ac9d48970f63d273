import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { v2 } from "@datadog/datadog-api-client";
import {
  createBridge,
  datadogSink,
  grafanaSink,
  otlpSink,
  sentrySink,
  slackSink,
  webhookSink,
  type Bridge,
  type BridgeOptions,
  type Notification,
  type Sink,
} from "@flagspan/bridge";
import { decodeLogs } from "@flagspan/bridge/otlp";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import { openMemoryStore, openSqliteStore, type Store } from "@flagspan/control";
import { afterEach, expect, test } from "vitest";
import { contractOf, violationsOf } from "../contracts/contract.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createMemoryOutbox } from "./memory-outbox.ts";
import { startReceiver, type Answer, type ReceivedRequest, type Receiver } from "./receiver.ts";
import { until } from "./until.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const allowPrivate = true;
const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0)) await end();
});

function createNotification(parts: Partial<Notification> = {}): Notification {
  return {
    id: "r1:breach:1",
    occurredAt: "2026-01-31T12:00:00.000Z",
    kind: "breach",
    flagSetId: "shop.prod",
    flagKey: "dark-mode",
    rolloutId: "r1",
    stage: "2",
    sentence: "dark-mode: 12 of 40 treated users <failed>",
    severity: "critical",
    url: "https://control.example/rollouts/r1",
    evidence: { treated: 40, bad: 12 },
    ...parts,
  };
}

async function receive(answer?: (request: ReceivedRequest) => Answer): Promise<Receiver> {
  const receiver = await startReceiver(answer);
  running.push(() => receiver.close());
  return receiver;
}

function run(options: Partial<BridgeOptions> & { readonly sinks: readonly Sink[] }): Bridge {
  const clock = options.clock ?? createFakeClock();
  const bridge = createBridge({
    outbox: createMemoryOutbox(clock.now),
    random: () => 0.5,
    ...options,
    clock,
  });
  running.unshift(() => bridge.stop());
  bridge.start();
  return bridge;
}

async function openStore(path: string): Promise<Store> {
  const store = await openSqliteStore({ path });
  running.push(() => store.close());
  return store;
}

const parse = ({ body }: ReceivedRequest): unknown => JSON.parse(body);

/** Sends one notification through a sink and returns the request that it made. */
async function tellOnce(create: (url: string) => Sink): Promise<ReceivedRequest> {
  const receiver = await receive();
  await run({ sinks: [create(receiver.url)] }).notify(createNotification());
  await until("a request", () => receiver.requests.length > 0);
  return receiver.requests[0];
}

test("OTLP gets a log event with the severity, the rollout and the evidence, as the contract has it", async () => {
  const request = await tellOnce((url) =>
    otlpSink({
      endpoint: url,
      environments: { "shop.prod": "production" },
      resource: { "service.name": "control" },
    }),
  );
  expect(request.path).toBe("/v1/logs");
  const decoded = decodeLogs(new TextEncoder().encode(request.body), "application/json");
  const [record] = decoded.ok ? decoded.records : [];
  expect(record).toMatchObject({
    resource: { "service.name": "control" },
    severityNumber: 17,
    timeUnixMs: Date.parse("2026-01-31T12:00:00Z"),
    body: "dark-mode: 12 of 40 treated users <failed>",
  });
  const told = { eventName: record.eventName, attributes: record.attributes };
  expect(violationsOf("notification", told)).toEqual([]);
  expect(contractOf("notification").examples).toEqual([told]);
});

test("Grafana gets an annotation, Slack a message without markup", async () => {
  expect(parse(await tellOnce((url) => grafanaSink({ url, token: "t", allowPrivate })))).toEqual({
    time: Date.parse("2026-01-31T12:00:00Z"),
    tags: [
      "feature_flag.notification",
      "flag:dark-mode",
      "set:shop.prod",
      "kind:breach",
      "severity:critical",
      "rollout:r1",
      "notification:r1:breach:1",
    ],
    text: "dark-mode: 12 of 40 treated users <failed> https://control.example/rollouts/r1",
  });
  const text = "dark-mode: 12 of 40 treated users &lt;failed&gt;";
  expect(parse(await tellOnce((url) => slackSink({ url: `${url}/services/T/B/x`, allowPrivate })))).toEqual({
    text,
    blocks: [
      {
        type: "section",
        text: {
          type: "mrkdwn",
          text: `:rotating_light: ${text} <https://control.example/rollouts/r1|open>`,
        },
      },
      {
        type: "context",
        elements: [
          {
            type: "plain_text",
            text: "2026-01-31T12:00:00.000Z · shop.prod/dark-mode · breach · treated 40 · bad 12",
            emoji: false,
          },
        ],
      },
    ],
  });
});

test("Datadog gets an alert event that fits the types of its own client", async () => {
  const request = await tellOnce((url) =>
    datadogSink({ apiKey: "dd", url: `${url}/api/v2/events`, services: { "*": ["shop"] }, allowPrivate }),
  );
  const attributes = {
    status: "error",
    custom: { treated: 40, bad: 12 },
    links: [{ category: "resource", title: "Rollout", url: "https://control.example/rollouts/r1" }],
  } satisfies v2.AlertEventCustomAttributes;
  expect(request.headers["dd-api-key"]).toBe("dd");
  expect(parse(request)).toEqual({
    data: {
      type: "event" satisfies v2.EventCreateRequestType,
      attributes: {
        category: "alert" satisfies v2.EventCategory,
        integration_id: "custom-events" satisfies v2.EventPayloadIntegrationId,
        title: createNotification().sentence,
        message: createNotification().sentence,
        timestamp: "2026-01-31T12:00:00.000Z",
        aggregation_key: "r1",
        tags: [
          "service:shop",
          "feature_flag.key:dark-mode",
          "feature_flag.set.id:shop.prod",
          "feature_flag.rollout.id:r1",
          "feature_flag.notification.id:r1:breach:1",
          "feature_flag.notification.kind:breach",
        ],
        attributes,
      },
    },
  });
});

test("a webhook of a notification is signed and has its id", async () => {
  const clock = createFakeClock();
  const request = await tellOnce((url) => webhookSink({ url, secret, allowPrivate }));
  expect(request.headers["webhook-id"]).toBe("r1:breach:1");
  expect(parse(request)).toEqual({
    type: "feature_flag.notification",
    timestamp: "2026-01-31T12:00:00.000Z",
    data: createNotification(),
  });
  const intake = createWebhookIntake({ vendors: { generic: { secret } }, clock });
  const answer = await intake.receive({
    vendor: "generic",
    headers: request.headers,
    rawBody: new TextEncoder().encode(request.body),
    query: {},
  });
  expect(answer).toMatchObject({
    status: 200,
    changes: [],
    unknown: "type feature_flag.notification that is no FlagChange, and no mapping",
  });
});

test("a sink that has no place for notifications is not asked, and nothing waits for it", async () => {
  const receiver = await receive();
  const bridge = run({ sinks: [sentrySink({ url: receiver.url, secret, allowPrivate })] });
  await bridge.notify(createNotification());
  expect(bridge.notifications()).toEqual({ waiting: 0, dropped: 0, sinks: [] });
});

test("a sink that is down for an hour is told afterwards, in order, each notification once", async () => {
  const clock = createFakeClock();
  const downUntilMs = clock.now() + 3_600_000;
  const receiver = await receive(() => ({ status: clock.now() < downUntilMs ? 503 : 200 }));
  const bridge = run({ clock, sinks: [slackSink({ url: receiver.url, allowPrivate })] });
  for (const id of ["1", "2", "2", "3"])
    await bridge.notify(createNotification({ id, sentence: `no. ${id}` }));
  await until("all three", () => bridge.notifications().sinks[0]?.delivered === 3);
  const told = receiver.requests.slice(-3).map((request) => (parse(request) as { text: string }).text);
  expect(told).toEqual(["no. 1", "no. 2", "no. 3"]);
});

test("with a store, what a bridge had no time to tell is told by the next one, and once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-notify-"));
  running.push(() => rm(folder, { recursive: true, force: true }));
  const { documents } = await openStore(join(folder, "control.db"));
  let up = false;
  const receiver = await receive(() => ({ status: up ? 200 : 503 }));
  const sinks = (): readonly Sink[] => [slackSink({ url: receiver.url, allowPrivate })];

  const first = run({ documents, sinks: sinks(), owner: "first" });
  await until("a cursor", () => first.notifications().sinks[0].leading);
  await first.notify(createNotification({ id: "1", sentence: "no. 1" }));
  await until("a try", () => receiver.requests.length > 0);
  await first.stop();
  receiver.requests.length = 0;
  up = true;
  const second = run({ documents, sinks: sinks(), owner: "second" });
  await second.notify(createNotification({ id: "2", sentence: "no. 2" }));
  await until("both", () => second.notifications().sinks[0]?.delivered === 2);
  await second.stop();
  expect(receiver.requests.map((request) => (parse(request) as { text: string }).text)).toEqual([
    "no. 1",
    "no. 2",
  ]);
});

test("a sink that is new begins with what comes, not with the alarms of last month", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-notify-"));
  running.push(() => rm(folder, { recursive: true, force: true }));
  const { documents } = await openStore(join(folder, "control.db"));
  const receiver = await receive();
  const clock = createFakeClock();
  const old = run({ clock, documents, sinks: [slackSink({ name: "old", url: receiver.url, allowPrivate })] });
  await old.notify(createNotification({ id: "1", sentence: "no. 1" }));
  await until("the old one", () => receiver.requests.length === 1);
  await old.stop();
  receiver.requests.length = 0;
  const bridge = run({
    clock: createFakeClock(clock.now() + 1000),
    documents,
    sinks: [slackSink({ name: "new", url: receiver.url, allowPrivate })],
  });
  await bridge.notify(createNotification({ id: "2", sentence: "no. 2" }));
  await until("the new one", () => bridge.notifications().sinks[0]?.delivered === 1);
  expect(receiver.requests.map((request) => (parse(request) as { text: string }).text)).toEqual(["no. 2"]);
});

test("while the store does not answer, notifications wait, the oldest go first when they are too many, and nobody is held up", async () => {
  const clock = createFakeClock();
  const store = await openMemoryStore();
  running.push(() => store.close());
  let full = true;
  const documents: Store["documents"] = {
    ...store.documents,
    append: async (...entry) => {
      if (full) throw new Error("ENOSPC: no space left on device");
      await store.documents.append(...entry);
    },
  };
  const receiver = await receive();
  const bridge = run({ clock, documents, sinks: [otlpSink({ endpoint: receiver.url })] });
  const kept = Array.from({ length: 1010 }, (_, index) =>
    bridge.notify(createNotification({ id: String(index) })),
  );
  expect(bridge.notifications()).toMatchObject({ waiting: 1000, dropped: 10 });
  full = false;
  await Promise.all(kept);
  await until("the rest", () => bridge.notifications().sinks[0]?.delivered === 1000);
  const records = receiver.requests.flatMap((request) => {
    const decoded = decodeLogs(new TextEncoder().encode(request.body), "application/json");
    return decoded.ok ? decoded.records : [];
  });
  expect(records.map(({ attributes }) => attributes["feature_flag.notification.id"])).toEqual(
    Array.from({ length: 1000 }, (_, index) => String(index + 10)),
  );
});
