import { createHmac } from "node:crypto";
import type { v2 } from "@datadog/datadog-api-client";
import type { EventIngest } from "@dynatrace-sdk/client-classic-environment-v2";
import type { IncomingWebhookSendArguments } from "@slack/webhook";
import {
  createBridge,
  datadogSink,
  dynatraceSink,
  grafanaSink,
  newRelicSink,
  sentrySink,
  slackSink,
  webhookSink,
  type Outcome,
  type Sink,
} from "@flagspan/bridge";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import type { FlagChange } from "@flagspan/ruleset/change";
import { afterEach, expect, test } from "vitest";
import { createChange, createChanges } from "./changes.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createMemoryOutbox } from "./memory-outbox.ts";
import { startReceiver, type Answer, type ReceivedRequest, type Receiver } from "./receiver.ts";
import { until } from "./until.ts";

const nowMs = Date.parse("2026-01-31T12:00:30Z");
const allowPrivate = true;
const change = createChange({ url: "https://control.example/c/1" });
const sentence = expect.stringContaining("ada@example.com killed dark-mode in shop.prod") as string;
const open: { close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of open.splice(0)) await part.close?.();
});

async function receive(answer?: (request: ReceivedRequest) => Answer): Promise<Receiver> {
  const receiver = await startReceiver(answer);
  open.push(receiver);
  return receiver;
}

async function deliver(sink: Sink, changes: readonly FlagChange[] = [change]): Promise<readonly Outcome[]> {
  open.unshift(sink);
  return sink.deliver(changes, { nowMs, signal: new AbortController().signal });
}

const sent = ({ method, path, headers, body }: ReceivedRequest) => ({
  method,
  path,
  headers,
  body: JSON.parse(body) as unknown,
});

test("Grafana gets an annotation with tags that can be filtered", async () => {
  const receiver = await receive();
  expect(await deliver(grafanaSink({ url: `${receiver.url}/`, token: "glsa_secret", allowPrivate }))).toEqual(
    [{ kind: "delivered" }],
  );
  expect(receiver.requests.map(sent)).toMatchObject([
    {
      method: "POST",
      path: "/api/annotations",
      headers: { authorization: "Bearer glsa_secret", "content-type": "application/json" },
      body: {
        time: Date.parse(change.occurredAt),
        tags: [
          "feature_flag.change",
          "flag:dark-mode",
          "set:shop.prod",
          "action:killed",
          "source:flagspan",
          "change:change-1",
        ],
        text: sentence,
      },
    },
  ]);
});

test("Datadog gets a change event that fits the types of its own client", async () => {
  const receiver = await receive(() => ({ status: 202 }));
  const sink = datadogSink({
    apiKey: "dd",
    url: `${receiver.url}/api/v2/events`,
    environments: { "shop.prod": "prod" },
    services: { "dark-mode": ["checkout", "storefront"] },
    team: "shop",
    allowPrivate,
  });
  expect(await deliver(sink)).toEqual([{ kind: "delivered" }]);
  // The client's models are camel-cased; what they serialise to is this, name by name.
  const attributes = {
    title: "",
    category: "change",
    aggregationKey: "shop.prod/dark-mode",
    attributes: {
      changedResource: { name: "dark-mode", type: "feature_flag" },
      impactedResources: [
        { name: "checkout", type: "service" },
        { name: "storefront", type: "service" },
      ],
      author: { name: "ada@example.com", type: "user" },
      prevValue: { ...change.previous },
      newValue: { ...change.current },
      changeMetadata: { id: "change-1", dd: { team: "shop" }, resource_link: "https://control.example/c/1" },
    } satisfies v2.ChangeEventCustomAttributes,
  } satisfies Partial<v2.EventPayload>;
  expect(receiver.requests.map(sent)).toMatchObject([
    {
      path: "/api/v2/events",
      headers: { "dd-api-key": "dd" },
      body: {
        data: {
          type: "event" satisfies v2.EventCreateRequestType,
          attributes: {
            category: attributes.category,
            integration_id: "custom-events",
            title: sentence,
            timestamp: "2026-01-31T12:00:00.000Z",
            aggregation_key: attributes.aggregationKey,
            tags: expect.arrayContaining([
              "env:prod",
              "feature_flag.key:dark-mode",
              "feature_flag.change.id:change-1",
            ]) as string[],
            attributes: {
              changed_resource: attributes.attributes.changedResource,
              impacted_resources: attributes.attributes.impactedResources,
              author: attributes.attributes.author,
              prev_value: attributes.attributes.prevValue,
              new_value: attributes.attributes.newValue,
              change_metadata: attributes.attributes.changeMetadata,
            },
          },
        },
      },
    },
  ]);
});

test("Dynatrace gets one event for each service that fits the types of its own client, the token in a header", async () => {
  const receiver = await receive(() => ({ status: 201 }));
  await deliver(
    dynatraceSink({
      url: receiver.url,
      token: "dt0c01",
      services: { "*": ["checkout", 'a"b'] },
      allowPrivate,
    }),
  );
  const at = Date.parse(change.occurredAt);
  const event = {
    eventType: "CUSTOM_CONFIGURATION",
    title: "Feature flag dark-mode killed",
    startTime: at,
    endTime: at,
    entitySelector: 'type(SERVICE),entityName.equals("checkout")',
    properties: {
      "feature_flag.key": "dark-mode",
      "feature_flag.set.id": "shop.prod",
      "feature_flag.version": "43",
      "feature_flag.change.id": "change-1",
      "feature_flag.change.action": "killed",
      "feature_flag.change.source": "flagspan",
      "feature_flag.change.reason": "checkout fails",
      "feature_flag.change.actor.id": "ada@example.com",
      "feature_flag.change.actor.type": "user",
      "feature_flag.change.url": "https://control.example/c/1",
      "dt.event.description": sentence,
    },
  } satisfies EventIngest;
  const other = { ...event, entitySelector: 'type(SERVICE),entityName.equals("a~"b")' };
  expect(receiver.requests.map(({ path, headers }) => [path, headers["authorization"]])).toEqual([
    ["/api/v2/events/ingest", "Api-Token dt0c01"],
    ["/api/v2/events/ingest", "Api-Token dt0c01"],
  ]);
  expect(receiver.requests.map((request) => sent(request).body)).toEqual([event, other]);
});

test("New Relic gets a change tracking event; an error in a 200 is found", async () => {
  const receiver = await receive(({ body }) => ({
    status: 200,
    body: body.includes("checkout-2") ? '{"errors":[{"message":"entity not found"}]}' : '{"data":{}}',
  }));
  const options = { apiKey: "NRAK", url: `${receiver.url}/graphql`, allowPrivate };
  expect(await deliver(newRelicSink({ ...options, services: { "dark-mode": ["checkout"] } }))).toEqual([
    { kind: "delivered" },
  ]);
  expect(receiver.requests.map(sent)).toMatchObject([
    {
      path: "/graphql",
      headers: { "api-key": "NRAK" },
      body: {
        query: expect.stringContaining("changeTrackingCreateEvent(changeTrackingEvent: $event)") as string,
        variables: {
          event: {
            categoryAndTypeData: {
              categoryFields: { featureFlag: { featureFlagId: "dark-mode" } },
              kind: { category: "FEATURE_FLAG", type: "BASIC" },
            },
            entitySearch: { query: "name = 'checkout' AND domain = 'EXT' AND type = 'SERVICE'" },
            user: "ada@example.com",
            timestamp: Date.parse(change.occurredAt),
          },
        },
      },
    },
  ]);
  const [refused] = await deliver(newRelicSink({ ...options, services: { "dark-mode": ["checkout-2"] } }));
  expect(refused).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("entity not found") as string,
  });
});

test("Sentry gets a signed change with a 64-bit id that is the same for a duplicate", async () => {
  const receiver = await receive();
  const sink = sentrySink({ url: `${receiver.url}/hook/`, secret: "s3cret", allowPrivate });
  await deliver(sink);
  await deliver(sink);
  const [first, second] = receiver.requests;
  expect(first?.headers["x-sentry-signature"]).toBe(
    createHmac("sha256", "s3cret")
      .update(first?.body ?? "")
      .digest("hex"),
  );
  expect(second?.body).toBe(first?.body);
  expect(first?.body).toMatch(/^\{"data":\[\{"action":"updated","change_id":\d{1,19},/);
  expect(JSON.parse(first?.body ?? "")).toMatchObject({
    meta: { version: 1 },
    data: [
      {
        action: "updated",
        created_at: change.occurredAt,
        created_by: { id: "ada@example.com", type: "email" },
        flag: "dark-mode",
      },
    ],
  });
});

test("Slack gets a message that fits the types of its own client", async () => {
  const receiver = await receive();
  await deliver(slackSink({ url: `${receiver.url}/services/T/B/x`, allowPrivate }));
  const message = {
    text: sentence,
    blocks: [
      {
        type: "section",
        text: {
          type: "mrkdwn",
          text: expect.stringMatching(
            /^:octagonal_sign: .+ <https:\/\/control\.example\/c\/1\|open>$/,
          ) as string,
        },
      },
      {
        type: "context",
        elements: [
          { type: "plain_text", text: "2026-01-31T12:00:00.000Z · flagspan · change-1", emoji: false },
        ],
      },
    ],
  } satisfies IncomingWebhookSendArguments;
  expect(receiver.requests.map((request) => sent(request).body)).toEqual([message]);
});

test("Slack gets text, never markup", async () => {
  const receiver = await receive();
  await deliver(slackSink({ url: `${receiver.url}/services/T/B/x`, allowPrivate }), [
    createChange({ reason: "<!channel> & co" }),
  ]);
  expect(receiver.requests[0]?.path).toBe("/services/T/B/x");
  expect(receiver.requests[0]?.body).toContain("&lt;!channel&gt; &amp; co");
  expect(receiver.requests[0]?.body).not.toContain("<!channel>");
});

test("a signed webhook is what another Flagspan's intake believes", async () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const receiver = await receive();
  await deliver(webhookSink({ url: receiver.url, secret, allowPrivate }));
  const request = receiver.requests[0] ?? { headers: {}, body: "" };
  expect(request.headers["webhook-id"]).toBe("change-1");
  const intake = createWebhookIntake({ vendors: { generic: { secret } }, clock: { now: () => nowMs } });
  const rawBody = new TextEncoder().encode(request.body);
  const answer = await intake.receive({ vendor: "generic", headers: request.headers, rawBody, query: {} });
  expect(answer).toMatchObject({ status: 200, changes: [change] });
  expect(() => webhookSink({ url: receiver.url, secret: "whsec_c2hvcnQ=" })).toThrow("24 to 64");
});

test.each([
  ["datadog, after 18 hours", (url: string) => datadogSink({ apiKey: "k", url, allowPrivate }), 18],
  [
    "new-relic, after 24 hours",
    (url: string) => newRelicSink({ apiKey: "k", url, services: { "*": ["a"] }, allowPrivate }),
    24,
  ],
  ["dynatrace, after 30 days", (url: string) => dynatraceSink({ token: "k", url, allowPrivate }), 720],
])("what the backend would refuse for its age is not sent: %s", async (_, create, hours) => {
  const receiver = await receive();
  const old = createChange({ occurredAt: new Date(nowMs - hours * 3_600_000 - 1).toISOString() });
  expect(await deliver(create(receiver.url), [old])).toMatchObject([{ kind: "refused", together: false }]);
  expect(receiver.requests).toEqual([]);
});

test("changes of one flag arrive in order and wait for each other, those of others do not", async () => {
  let failures = 0;
  const receiver = await receive(({ body }) => ({
    status: body.includes('change:change-2"') && failures++ === 0 ? 503 : 200,
  }));
  const clock = createFakeClock();
  const outbox = createMemoryOutbox(clock.now);
  outbox.append(createChanges(9, 3));
  const bridge = createBridge({
    outbox,
    clock,
    sinks: [grafanaSink({ url: receiver.url, token: "t", allowPrivate })],
  });
  open.unshift({ close: () => bridge.stop() });
  bridge.start();
  await until("the cursor to reach the end", async () => (await outbox.cursor("grafana")) === 9);
  const arrived = receiver.requests.map(({ body }) => /change:(change-\d)/.exec(body)?.[1]);
  const inOrder = (ids: readonly string[]): boolean =>
    ids.every((id, index) => index === 0 || arrived.lastIndexOf(ids[index - 1]) < arrived.lastIndexOf(id));
  expect(inOrder(["change-2", "change-5", "change-8"])).toBe(true);
  expect(inOrder(["change-1", "change-4", "change-7"])).toBe(true);
  expect(arrived).toHaveLength(10);
  expect(arrived.indexOf("change-7")).toBeLessThan(arrived.lastIndexOf("change-2"));
});

test("no reason, dead letter or status holds a secret", async () => {
  const receiver = await receive(({ path }) => (path.includes("bad") ? { status: 400 } : undefined));
  const secretUrl = `${receiver.url}/services/T0/B0/bad-TOPSECRET`;
  const outcomes = [
    ...(await deliver(slackSink({ url: secretUrl, allowPrivate }))),
    ...(await deliver(grafanaSink({ url: `${receiver.url}/x`, token: "TOPSECRET", allowPrivate }))),
    ...(await deliver(slackSink({ url: "http://TOPSECRET:TOPSECRET@127.0.0.1:1/TOPSECRET" }))),
  ];
  expect(outcomes).toHaveLength(3);
  expect(JSON.stringify(outcomes)).not.toContain("TOPSECRET");
});
