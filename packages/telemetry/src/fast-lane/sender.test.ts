import { diag } from "@opentelemetry/api";
import { expect, test } from "vitest";

import { DropCounts } from "../health/drop-counts.ts";
import { FastLaneSender } from "./sender.ts";

interface Reply {
  readonly status: number;
  readonly retryAfter?: string;
  readonly text?: string;
}

/** A sender, the units its receiver has taken, and a clock the test moves. */
function createSender(reply: (count: number, attempt: number) => Reply | Error) {
  const drops = new DropCounts();
  const taken: string[] = [];
  const attempts: number[] = [];
  const time = { nowMs: Date.parse("2026-11-21T10:00:00Z"), monotonicMs: 5_000 };
  const sender = new FastLaneSender({
    url: "http://guard.test/v1/logs",
    headers: {},
    source: () => ({ resource: {}, scopeName: "test", scopeVersion: "1" }),
    drops,
    clock: { nowMs: () => time.nowMs, monotonicMs: () => time.monotonicMs },
    fetch: (_url, { body }) => {
      const names = [...body.matchAll(/"eventName":"(?<name>[^"]+)"/gu)].map(
        ({ groups }) => groups?.["name"] ?? "",
      );
      attempts.push(names.length);
      const answer = reply(names.length, attempts.length);
      if (answer instanceof Error) return Promise.reject(answer);
      const { status, retryAfter, text = "" } = answer;
      if (status === 200) taken.push(...names);
      return Promise.resolve({
        ok: status === 200,
        status,
        headers: new Headers(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
        text: () => Promise.resolve(text),
      });
    },
  });
  const add = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      sender.add({ eventName: `e${index}`, timeUnixMs: 0, attributes: {} });
    }
  };
  const pass = (ms: number): void => {
    time.nowMs += ms;
    time.monotonicMs += ms;
  };
  return { sender, drops, taken, attempts, add, pass };
}

test.each([
  { status: 429, retryAfter: "30" },
  { status: 503, retryAfter: "30" },
  { status: 503, retryAfter: "Sat, 21 Nov 2026 10:00:30 GMT" },
])(
  "a receiver that answers $status and Retry-After: $retryAfter is left alone so long, and loses nothing",
  async (answer) => {
    const { sender, drops, taken, attempts, add, pass } = createSender((_, attempt) =>
      attempt === 1 ? answer : { status: 200 },
    );
    add(0, 3);
    await sender.flush();
    for (let second = 1; second < 30; second += 1) {
      pass(1_000);
      add(second + 2, second + 3);
      await sender.flush();
    }
    expect(attempts).toEqual([3]);
    expect(sender.queued).toBe(32);
    pass(1_000);
    await sender.flush();
    expect(attempts).toEqual([3, 32]);
    expect(taken).toEqual(Array.from({ length: 32 }, (_, index) => `e${index}`));
    expect([...drops.read()]).toEqual([]);
  },
);

test.each([
  { status: 500 },
  { status: 502, retryAfter: "30" },
  { status: 429 },
  { status: 503, retryAfter: "soon" },
])("after $status with Retry-After $retryAfter the next flush tries again", async (answer) => {
  const { sender, attempts, taken, add } = createSender((_, attempt) =>
    attempt < 3 ? answer : { status: 200 },
  );
  add(0, 1);
  for (let flush = 0; flush < 3; flush += 1) await sender.flush();
  expect([attempts, taken]).toEqual([[1, 1, 1], ["e0"]]);
});

test("however long a receiver is gone, nothing is lost until the queue is full; what comes then is counted", async () => {
  let isGone = true;
  const { sender, drops, taken, add, pass } = createSender((_, attempt) => {
    if (!isGone) return { status: 200 };
    return attempt % 2 === 0 ? new Error("no route") : { status: 503, retryAfter: "2" };
  });
  for (let second = 0; second < 100; second += 1) {
    add(second * 201, (second + 1) * 201);
    await sender.flush();
    pass(1_000);
  }
  expect(sender.queued).toBe(20_000);
  expect([...drops.read()]).toEqual([["outcome_queue", 100]]);
  isGone = false;
  pass(2_000);
  await sender.flush();
  expect(taken).toEqual(Array.from({ length: 20_000 }, (_, index) => `e${index}`));
});

test("a batch that is too large is halved until it is taken; a single event that is, is given up", async () => {
  const { sender, drops, taken, attempts, add } = createSender((count) => ({
    status: count > 100 ? 413 : 200,
  }));
  add(0, 500);
  await sender.flush();
  expect(attempts).toEqual([500, 250, 125, 63, 63, 63, 63, 63, 63, 63, 59]);
  expect(taken).toHaveLength(500);
  expect([...drops.read()]).toEqual([]);

  const never = createSender(() => ({ status: 413 }));
  never.add(0, 2);
  await never.sender.flush();
  expect([...never.drops.read()]).toEqual([["outcome_rejected", 2]]);
});

test.each([
  { text: '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}', rejected: 3 },
  { text: '{"partialSuccess":{"rejectedLogRecords":2}}', rejected: 2 },
  { text: '{"partialSuccess":{"rejectedLogRecords":900}}', rejected: 5 },
  { text: '{"partialSuccess":{"rejectedLogRecords":0,"errorMessage":"slow down"}}', rejected: undefined },
  { text: '{"partialSuccess":{"rejectedLogRecords":-1}}', rejected: undefined },
  { text: '{"partialSuccess":null,"rejectedLogRecords":3}', rejected: undefined },
  { text: '{"rejectedLogRecords', rejected: undefined },
  { text: "{}", rejected: undefined },
])("a receiver that answers 200 and $text has rejected $rejected of 5", async ({ text, rejected }) => {
  const { sender, drops, attempts, add } = createSender(() => ({ status: 200, text }));
  add(0, 5);
  await sender.flush();
  await sender.flush();
  expect(attempts).toEqual([5]);
  expect(drops.read().get("outcome_rejected")).toBe(rejected);
});

test("at the end what waits is sent at once, whatever time the receiver asked for; what it refuses again is counted", async () => {
  const willing = createSender((_, attempt) =>
    attempt === 1 ? { status: 429, retryAfter: "60" } : { status: 200 },
  );
  willing.add(0, 2);
  await willing.sender.flush();
  await willing.sender.finish();
  expect(willing.taken).toEqual(["e0", "e1"]);

  const gone = createSender(() => ({ status: 429, retryAfter: "60" }));
  gone.add(0, 2);
  await gone.sender.flush();
  await gone.sender.finish();
  await gone.sender.finish();
  expect(gone.attempts).toHaveLength(2);
  expect([...gone.drops.read()]).toEqual([["outcome_send", 2]]);
});

test("what waits can be handed over, a batch at a time, and is then no longer sent", async () => {
  const { sender, add, attempts } = createSender(() => ({ status: 200 }));
  add(0, 501);
  const first = sender.handOver();
  expect(first).toMatchObject({
    url: "http://guard.test/v1/logs",
    headers: { "content-type": "application/json" },
  });
  expect(first?.body.match(/"eventName":"e/gu)).toHaveLength(500);
  expect(sender.handOver()?.body).toContain('"eventName":"e500"');
  expect(sender.handOver()).toBeUndefined();
  await sender.flush();
  expect(attempts).toEqual([]);
});

test("ten failures in a row are told to OpenTelemetry's diagnostics, once, without a secret", async () => {
  const told: string[] = [];
  const ignore = (): void => undefined;
  const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger({ ...logger, warn: (text) => told.push(text) }, { suppressOverrideMessage: true });
  const { sender, add } = createSender((_, attempt) => (attempt === 12 ? { status: 200 } : { status: 401 }));
  add(0, 2);
  for (let flush = 0; flush < 11; flush += 1) await sender.flush();
  expect(told).toEqual([
    '@flagspan/telemetry: 10 requests in a row to http://guard.test failed (status 401); 2 outcomes and exposures wait. Is guardEndpoint right, and does its key have the scope "telemetry"?',
  ]);
  await sender.flush();
  expect(sender.queued).toBe(0);
  add(2, 3);
  for (let flush = 0; flush < 10; flush += 1) await sender.flush();
  expect(told).toHaveLength(2);
  diag.disable();
});
