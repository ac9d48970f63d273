import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ChangeMapping } from "./change-mapping.ts";
import { createWebhookIntake, type WebhookIntake, type WebhookRequest } from "./intake.ts";
import { signStandardWebhook } from "./signatures/standard-webhooks.ts";

const nowMs = Date.parse("2026-01-31T12:00:00Z");
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const seconds = String(nowMs / 1000);

interface Fixture {
  readonly route: string;
  readonly mapping?: ChangeMapping;
  readonly body: unknown;
  readonly changes: readonly object[];
  readonly alerts?: readonly object[];
}

const folder = new URL("fixtures/", import.meta.url);
const fixtures = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Fixture] as const,
);
const fixture = (file: string): Fixture => fixtures.find(([name]) => name === file)?.[1] as Fixture;

const hex = (body: string): string => createHmac("sha256", secret).update(body).digest("hex");

/** How each sender signs. */
const signers: Readonly<Record<string, (body: string) => Record<string, string>>> = {
  launchdarkly: (body) => ({ "x-ld-signature": hex(body) }),
  flagsmith: (body) => ({ "x-flagsmith-signature": hex(body) }),
  growthbook: (body) => ({ "x-growthbook-signature": hex(body) }),
  configcat: (body) => ({
    "x-configcat-webhook-id": "delivery-1",
    "x-configcat-webhook-timestamp": seconds,
    "x-configcat-webhook-signature-v1": createHmac("sha256", secret)
      .update(`delivery-1${seconds}${body}`)
      .digest("base64"),
  }),
  generic: (body) => ({
    "webhook-id": "delivery-1",
    "webhook-timestamp": seconds,
    "webhook-signature": signStandardWebhook(secret, "base64", "delivery-1", seconds, body),
  }),
  split: () => ({}),
  unleash: () => ({ authorization: secret }),
  alertmanager: () => ({ authorization: `Bearer ${secret}` }),
  datadog: () => ({ authorization: `Basic ${Buffer.from(`flagspan:${secret}`).toString("base64")}` }),
  dynatrace: () => ({ authorization: `Bearer ${secret}` }),
};

function createRequest(
  { route, body }: Pick<Fixture, "route" | "body">,
  parts: Partial<WebhookRequest> = {},
): WebhookRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    vendor: route,
    headers: { "content-type": "application/json", ...signers[route]?.(text) },
    rawBody: new TextEncoder().encode(text),
    query: route === "split" ? { token: secret } : {},
    ...parts,
  };
}

function createIntake(mapping?: ChangeMapping): WebhookIntake {
  const vendors = Object.fromEntries(
    Object.keys(signers).map((name) => [name, { secret, ...(mapping === undefined ? {} : { mapping }) }]),
  );
  return createWebhookIntake({ vendors, clock: { now: () => nowMs } });
}

describe.each(fixtures)("%s", (_, given) => {
  const intake = createIntake(given.mapping);

  test("becomes the changes and alerts that it means", async () => {
    const answer = await intake.receive(createRequest(given));
    expect(answer).toMatchObject({ status: 200, changes: given.changes, alerts: given.alerts ?? [] });
    expect(answer.changes).toHaveLength(given.changes.length);
    expect(answer.unknown).toBeUndefined();
  });

  test("has the same ids when it is sent again", async () => {
    const [first, second] = [
      await intake.receive(createRequest(given)),
      await intake.receive(createRequest(given)),
    ];
    expect(second.changes.map(({ id }) => id)).toEqual(first.changes.map(({ id }) => id));
    expect(second.alerts.map(({ id }) => id)).toEqual(first.alerts.map(({ id }) => id));
  });

  test.each([
    [
      "another secret",
      {
        headers: {
          "content-type": "application/json",
          authorization: "x",
          "x-ld-signature": "00",
          "x-flagsmith-signature": "00",
          "x-growthbook-signature": "00",
          "webhook-id": "1",
          "webhook-timestamp": seconds,
          "webhook-signature": "v1,AA==",
          "x-configcat-webhook-id": "1",
          "x-configcat-webhook-timestamp": seconds,
          "x-configcat-webhook-signature-v1": "AA==",
        },
        query: { token: "x" },
      },
      401,
    ],
    ["no signature", { headers: { "content-type": "application/json" }, query: {} }, 401],
    ["a wrong content type", { headers: { "content-type": "text/plain" } }, 415],
    ["no content type", { headers: {} }, 415],
    ["a huge body", { rawBody: new Uint8Array(1024 * 1024 + 1) }, 413],
  ] satisfies [string, Partial<WebhookRequest>, number][])(
    "with %s is refused and tells no secret",
    async (_, parts, status) => {
      const answer = await intake.receive(createRequest(given, parts));
      expect(answer).toMatchObject({ status, changes: [], alerts: [] });
      expect(answer.body).not.toContain(secret);
    },
  );
});

test("one changed byte of the raw body breaks the signature, whatever it means as JSON", async () => {
  const request = createRequest(fixture("launchdarkly.json"));
  const rawBody = new TextEncoder().encode(` ${new TextDecoder().decode(request.rawBody)}`);
  expect(await createIntake().receive({ ...request, rawBody })).toMatchObject({ status: 401 });
});

test.each(["generic", "configcat"])(
  "%s: a timestamp more than five minutes away is refused, either way",
  async (route) => {
    const request = createRequest(fixture(`${route}.json`));
    for (const offMs of [301_000, -301_000]) {
      const late = createWebhookIntake({
        vendors: { [route]: { secret } },
        clock: { now: () => nowMs + offMs },
      });
      expect(await late.receive(request)).toMatchObject({ status: 401, changes: [] });
    }
  },
);

test("ConfigCat's published vector verifies", async () => {
  const vector = {
    key: "configcat_whsk_VN3juirnVh5pNvCKd81RYRYchxUX4j3NykbZG2fAy88=",
    id: "b616ca659d154a5fb907dd8475792eeb",
    timestamp: "1669629035",
    signature: "Ks3cYsu9Lslfo+hVxNC3oQWnsF9e5d73TI5t94D9DRA=",
  };
  const intake = createWebhookIntake({
    vendors: { configcat: { secret: ["another-secret", vector.key] } },
    clock: { now: () => Number(vector.timestamp) * 1000 },
  });
  const headers = {
    "content-type": "application/json",
    "x-configcat-webhook-id": vector.id,
    "x-configcat-webhook-timestamp": vector.timestamp,
    "x-configcat-webhook-signature-v1": `AAAA,${vector.signature}`,
  };
  const rawBody = new TextEncoder().encode("examplebody");
  // Past the signature, `examplebody` is no JSON object: 400 says that it was believed.
  expect(await intake.receive({ vendor: "configcat", headers, rawBody, query: {} })).toMatchObject({
    status: 400,
  });
  const wrong = { ...headers, "x-configcat-webhook-signature-v1": vector.signature.replace("K", "L") };
  expect(await intake.receive({ vendor: "configcat", headers: wrong, rawBody, query: {} })).toMatchObject({
    status: 401,
  });
});

test("deliveries out of order keep the vendor's time, and one delivery's changes come oldest first", async () => {
  const mapping: ChangeMapping = { each: "events", flagKey: "flag", occurredAt: "at", revision: "revision" };
  const events = [3, 1, 2].map((revision) => ({ flag: "dark-mode", revision, at: nowMs + revision * 1000 }));
  const answer = await createIntake(mapping).receive(createRequest({ route: "generic", body: { events } }));
  expect(answer.changes.map(({ revision }) => revision)).toEqual(["1", "2", "3"]);
  expect(answer.changes.map(({ occurredAt }) => Date.parse(occurredAt) - nowMs)).toEqual([1000, 2000, 3000]);
});

test("a FlagChange of another Flagspan passes as it is", async () => {
  const change = fixture("launchdarkly.json").changes[0];
  const answer = await createIntake().receive(
    createRequest({ route: "generic", body: { type: "feature_flag.change", data: change } }),
  );
  expect(answer.changes).toEqual([change]);
});

test.each([
  "[]",
  "null",
  "{",
  '"x"',
  '{"__proto__":{"a":1},"kind":"flag","accesses":[null,7,{"resource":{}}]}',
  '{"event_type":"FLAG_UPDATED","data":[]}',
  '{"alerts":{"a":1}}',
  '{"changeDetails":[[]]}',
])("every vendor answers %s with 200 or 400, never with an exception", async (body) => {
  const intake = createIntake({ each: "changeDetails", flagKey: "x.y" });
  for (const route of Object.keys(signers)) {
    const answer = await intake.receive(createRequest({ route, body }));
    expect([200, 400]).toContain(answer.status);
    expect(answer.changes).toEqual([]);
  }
});

test.each([
  ["no vendor of that name", "404", "nobody"],
  ["no vendor behind a prototype's name", "404", "constructor"],
])("%s: %s", async (_, status, vendor) => {
  expect((await createIntake().receive(createRequest({ route: vendor, body: {} }))).status).toBe(
    Number(status),
  );
});

test("a route without a real secret or a known format is refused at once", () => {
  expect(() => createWebhookIntake({ vendors: { unleash: { secret: "" } } })).toThrow("needs a secret");
  expect(() => createWebhookIntake({ vendors: { nobody: { secret } } })).toThrow('no format "nobody"');
});
