import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { createWebhookIntake, type WebhookAnswer, type WebhookIntake } from "./intake.ts";
import { redact } from "./redact.ts";
import { signStandardWebhook } from "./signatures/standard-webhooks.ts";
import type { UnknownEvent } from "./unknown-event.ts";

const nowMs = Date.parse("2026-01-31T12:00:00Z");
const secret = "a-long-shared-secret";

function createIntake(): WebhookIntake {
  return createWebhookIntake({
    vendors: { launchdarkly: { secret }, unleash: { secret } },
    clock: { now: () => nowMs },
  });
}

function send(intake: WebhookIntake, body: object): Promise<WebhookAnswer> {
  const text = JSON.stringify(body);
  return intake.receive({
    vendor: "launchdarkly",
    headers: {
      "content-type": "application/json",
      "x-ld-signature": createHmac("sha256", secret).update(text).digest("hex"),
    },
    rawBody: new TextEncoder().encode(text),
    query: { token: secret, region: "eu" },
  });
}

const only = ({ unknownEvents }: WebhookAnswer): UnknownEvent => {
  expect(unknownEvents).toHaveLength(1);
  return (unknownEvents as [UnknownEvent])[0];
};

test("an unknown event is answered 200 with all that a later version needs, and is the same when it is sent again", async () => {
  const body = { kind: "segment", _id: "1", accesses: [] };
  const answer = await send(createIntake(), body);
  expect(answer).toMatchObject({ status: 200, changes: [], unknown: "kind segment" });
  expect(only(answer)).toEqual({
    id: expect.stringMatching(/^[\da-f]{32}$/) as string,
    vendor: "launchdarkly",
    kind: "kind segment",
    receivedAt: "2026-01-31T12:00:00.000Z",
    body: JSON.stringify(body),
    isWhole: true,
    bodyHash: expect.stringMatching(/^[\da-f]{32}$/) as string,
    headers: {},
    query: { region: "eu" },
  });
  expect(only(await send(createIntake(), body)).id).toBe(only(answer).id);
});

test("what is kept holds no secret, wherever it stood", async () => {
  const known = { text: `the secret is ${secret}`, [`under ${secret}`]: 1 };
  const answer = await send(createIntake(), {
    kind: `secret ${secret}`,
    known,
    token: "abc",
    clientSecret: "abc",
    api_key: ["abc", "def"],
    nested: { Authorization: "Bearer 0123456789", password: "hunter2", signature: "00ff" },
    url: "https://ada:hunter2@flags.example/x?q=1",
    text: "keys sdk-12345678-1234 and fs_abc.0123456789 and Basic YWRhOmh1bnRlcjI=",
  });
  const event = only(answer);
  const all = JSON.stringify(answer);
  for (const leak of [secret, "hunter2", "0123456789", "12345678-1234", "YWRhOmh1", "00ff", '"abc"', '"def"'])
    expect([leak, all.includes(leak)]).toEqual([leak, false]);
  expect(event.body).toContain("flags.example/x?q=1");
});

test("redacting keeps shapes, and names that only name a secret", () => {
  const entry = {
    token: { name: "ci", serviceToken: true },
    tokenName: "ci",
    count: 3,
    none: null,
    list: [1],
  };
  expect(redact(entry, [])).toEqual(entry);
});

test("a body that is too long is cut and says so", async () => {
  const event = only(await send(createIntake(), { kind: "segment", text: "x".repeat(70_000) }));
  expect([event.isWhole, event.body.length]).toEqual([false, 65_536]);
  expect(await createIntake().replay(event)).toMatchObject({ status: 422, changes: [] });
});

test("an event that a later version understands is replayed into the change that it would have been", async () => {
  const flag = {
    _id: "entry-1",
    kind: "flag",
    date: nowMs,
    titleVerb: "turned off the flag",
    accesses: [{ action: "updateOn", resource: "proj/web:env/production:flag/dark-mode" }],
    member: { email: "ada@example.com" },
  };
  const then = await send(createIntake(), flag);
  const kept = only(await send(createIntake(), { ...flag, kind: "some-day-a-flag" }));
  // The upgrade is played by what was kept: its kind becomes one that is read.
  const replayed = await createIntake().replay({
    ...kept,
    body: kept.body.replace("some-day-a-flag", "flag"),
  });
  expect(then.changes).toHaveLength(1);
  expect(replayed.changes).toEqual(then.changes);
  expect(replayed.unknownEvents).toBeUndefined();
  expect(await createIntake().replay({ ...kept, vendor: "gone" })).toMatchObject({ status: 404 });
});

test.each([
  ["one element of a mapped list", { events: [{ flag: "a", at: nowMs }, { other: 1 }] }],
  ["the list itself", { events: "none" }],
])("%s that cannot be read is unknown, not dropped", async (_, body) => {
  const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const intake = createWebhookIntake({
    vendors: { generic: { secret: key, mapping: { each: "events", flagKey: "flag", occurredAt: "at" } } },
    clock: { now: () => nowMs },
  });
  const text = JSON.stringify(body);
  const seconds = String(nowMs / 1000);
  const answer = await intake.receive({
    vendor: "generic",
    headers: {
      "content-type": "application/json",
      "webhook-id": "1",
      "webhook-timestamp": seconds,
      "webhook-signature": signStandardWebhook(key, "base64", "1", seconds, text),
    },
    rawBody: new TextEncoder().encode(text),
    query: {},
  });
  expect(answer.unknown).toBe("a body without the mapped flagKey");
  expect(only(answer).headers).toEqual({ "webhook-id": "1", "webhook-timestamp": seconds });
});
