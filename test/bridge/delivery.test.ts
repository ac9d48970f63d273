import { createBridge, otlpSink, type Bridge, type BridgeOptions } from "@flagspan/bridge";
import { decodeLogs, decodeMetrics, decodeTraces, type LogRecord } from "@flagspan/bridge/otlp";
import { afterEach, expect, test } from "vitest";
import { createChange, createChanges } from "./changes.ts";
import { createFakeClock, createStandingClock, type FakeClock } from "./fake-clock.ts";
import { createMemoryOutbox } from "./memory-outbox.ts";
import { startReceiver, type Answer, type ReceivedRequest, type Receiver } from "./receiver.ts";
import { until } from "./until.ts";

const running: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0)) await (part.stop?.() ?? part.close?.());
});

async function receive(answer?: (request: ReceivedRequest) => Answer | Promise<Answer>): Promise<Receiver> {
  const receiver = await startReceiver(answer);
  running.push(receiver);
  return receiver;
}

function run(options: BridgeOptions): Bridge {
  const bridge = createBridge({ random: () => 0.5, ...options });
  running.unshift(bridge);
  bridge.start();
  return bridge;
}

const bytes = (request: ReceivedRequest): Uint8Array => new TextEncoder().encode(request.body);

/** The change events in the requests to `/v1/logs`, in order of arrival. */
function logsOf(requests: readonly ReceivedRequest[]): readonly LogRecord[] {
  return requests
    .filter((request) => request.path === "/v1/logs")
    .flatMap((request) => {
      const decoded = decodeLogs(bytes(request), request.headers["content-type"] ?? "");
      return decoded.ok ? decoded.records : [];
    });
}

const idOf = (record: LogRecord): string => String(record.attributes["feature_flag.change.id"]);

function setUp(): { clock: FakeClock; outbox: ReturnType<typeof createMemoryOutbox> } {
  const clock = createFakeClock();
  return { clock, outbox: createMemoryOutbox(clock.now) };
}

test("a bridge that is stopped while it starts ends without waiting for anything", async () => {
  const { outbox, clock } = setUp();
  const bridge = run({
    outbox,
    // Nobody but the signal ends a sleep.
    clock: {
      now: clock.now,
      sleep: (_, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener("abort", () => resolve(), { once: true });
        }),
    },
    sinks: [otlpSink({ endpoint: "http://localhost:4318", resource: {} })],
  });
  await bridge.stop();
  expect(bridge.status()).toMatchObject([{ leading: false }]);
}, 5_000);

test("a change arrives as a log event, a span and a count, with the names of the contract", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  outbox.append([createChange({ traceparent, segments: ["internal"], url: "https://control.example/c/1" })]);
  run({
    outbox,
    clock,
    sinks: [
      otlpSink({
        endpoint: receiver.url,
        headers: { "x-api-key": "k" },
        resource: { "service.name": "control" },
        environments: { "shop.prod": "production" },
      }),
    ],
  });
  await until("three requests", () => receiver.requests.length === 3);

  expect(
    receiver.requests.map(({ method, path, headers }) => [
      method,
      path,
      headers["x-api-key"],
      headers["content-encoding"],
    ]),
  ).toEqual([
    ["POST", "/v1/logs", "k", "gzip"],
    ["POST", "/v1/traces", "k", "gzip"],
    ["POST", "/v1/metrics", "k", "gzip"],
  ]);
  const [logs, traces, metrics] = receiver.requests as [ReceivedRequest, ReceivedRequest, ReceivedRequest];
  const attributes = {
    "feature_flag.key": "dark-mode",
    "feature_flag.set.id": "shop.prod",
    "feature_flag.version": "43",
    "feature_flag.change.id": "change-1",
    "feature_flag.change.action": "killed",
    "feature_flag.change.source": "flagspan",
    "feature_flag.change.reason": "checkout fails",
    "feature_flag.change.previous":
      '{"state":"ENABLED","defaultVariant":"off","percentages":{"on":50,"off":50}}',
    "feature_flag.change.current": '{"state":"ENABLED","defaultVariant":"off"}',
    "feature_flag.change.segments": ["internal"],
    "feature_flag.change.url": "https://control.example/c/1",
    "feature_flag.change.actor.id": "ada@example.com",
    "feature_flag.change.actor.type": "user",
    "deployment.environment.name": "production",
    "otel.event.name": "feature_flag.change",
  };
  expect(decodeLogs(bytes(logs), "application/json")).toMatchObject({
    records: [
      {
        resource: { "service.name": "control" },
        eventName: "feature_flag.change",
        severityNumber: 9,
        timeUnixMs: Date.parse("2026-01-31T12:00:00Z"),
        body: expect.stringContaining("killed dark-mode in shop.prod") as string,
        attributes,
      },
    ],
  });
  const decoded = decodeTraces(bytes(traces), "application/json");
  expect(decoded).toMatchObject({
    records: [
      {
        name: "feature_flag.change",
        attributes,
        links: [{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }],
      },
    ],
  });
  const span = decoded.ok ? decoded.records[0] : undefined;
  expect(span?.endUnixMs).toBe(span?.startUnixMs);
  expect(decodeMetrics(bytes(metrics), "application/json")).toMatchObject({
    records: [{ name: "feature_flag.changes", kind: "sum", temporality: "delta", monotonic: true, value: 1 }],
  });
});

test("a collector that is down for an hour loses nothing and is asked at growing intervals", async () => {
  const { clock, outbox } = setUp();
  const downUntilMs = clock.now() + 3_600_000;
  const receiver = await receive(() => {
    if (clock.now() >= downUntilMs) return { status: 200, body: "{}" };
    return receiver.requests.length % 2 === 0 ? undefined : { status: 503 };
  });
  outbox.append(createChanges(60));
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url, signals: ["logs"] })] });
  await until("the cursor to reach the end", async () => (await outbox.cursor("otlp")) === 60);

  const arrived = logsOf(receiver.requests.slice(-1));
  expect(new Set(arrived.map(idOf)).size).toBe(60);
  expect(outbox.dead).toEqual([]);
  // At most a minute apart, so 60 to 130 tries in an hour of which one may be under way at its end.
  const failed = receiver.requests.length - 1;
  expect(failed).toBeGreaterThan(55);
  expect(failed).toBeLessThan(140);
});

test("Retry-After is waited for", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive(() =>
    receiver.requests.length === 1 ? { status: 429, headers: { "retry-after": "120" } } : { status: 200 },
  );
  const startedMs = clock.now();
  let secondAtMs = 0;
  outbox.append([createChange()]);
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url, signals: ["logs"] })] });
  await until("the second request", () => {
    if (receiver.requests.length === 2 && secondAtMs === 0) secondAtMs = clock.now();
    return secondAtMs > 0;
  });
  expect(secondAtMs - startedMs).toBeGreaterThanOrEqual(120_000);
});

test("a poisoned change becomes a dead letter; its neighbours are sent again alone, once, in order", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive((request) => {
    const poisoned = request.body.includes('"change-3"');
    const together = logsOf([request]).length > 1;
    if (!poisoned) return { status: 200, body: "{}" };
    return together
      ? { status: 200, body: '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}' }
      : { status: 400 };
  });
  outbox.append(createChanges(5, 1));
  const bridge = run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url, signals: ["logs"] })] });
  await until("the cursor to reach the end", async () => (await outbox.cursor("otlp")) === 5);

  expect(outbox.dead.map(({ entry, reason }) => [entry.change.id, reason])).toEqual([
    ["change-3", expect.stringMatching(/^127\.0\.0\.1:\d+ answered 400$/)],
  ]);
  expect(receiver.requests.map((request) => logsOf([request]).map(idOf).join())).toEqual([
    "change-1,change-2,change-3,change-4,change-5",
    "change-1",
    "change-2",
    "change-3",
    "change-4",
    "change-5",
  ]);
  expect(bridge.status()).toMatchObject([{ delivered: 4, deadLettered: 1, cursor: 5 }]);
});

test("a wrong token is no reason to give a change up", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive(() => ({ status: receiver.requests.length < 5 ? 401 : 200 }));
  outbox.append([createChange()]);
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url, signals: ["logs"] })] });
  await until("the cursor to move", async () => (await outbox.cursor("otlp")) === 1);
  expect(outbox.dead).toEqual([]);
});

test("a backend without traces and metrics is sent logs alone", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive(({ path }) => ({ status: path === "/v1/logs" ? 204 : 404 }));
  outbox.append([createChange()]);
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url })] });
  await until("the cursor to move", async () => (await outbox.cursor("otlp")) === 1);
  expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/logs", "/v1/traces", "/v1/metrics"]);
});

test("a signal that took a batch is not sent it again when another signal fails", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive(({ path }) => ({
    status: path === "/v1/traces" && receiver.requests.filter((r) => r.path === path).length < 3 ? 503 : 200,
  }));
  outbox.append([createChange()]);
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url })] });
  await until("the cursor to move", async () => (await outbox.cursor("otlp")) === 1);
  expect(receiver.requests.map(({ path }) => path)).toEqual([
    "/v1/logs",
    "/v1/traces",
    "/v1/traces",
    "/v1/traces",
    "/v1/metrics",
  ]);
});

test("a full disk for a minute loses nothing, and the sink remembers what it has sent meanwhile", async () => {
  const { clock, outbox } = setUp();
  const fullUntilMs = clock.now() + 60_000;
  outbox.diskFull = () => clock.now() < fullUntilMs;
  const receiver = await receive();
  outbox.append(createChanges(40));
  const bridge = run({
    outbox,
    clock,
    sinks: [otlpSink({ endpoint: receiver.url, batchSize: 10, signals: ["logs", "traces"] })],
  });
  await until("the cursor to reach the end", async () => (await outbox.cursor("otlp")) === 40);

  const arrived = logsOf(receiver.requests);
  expect(new Set(arrived.map(idOf)).size).toBe(40);
  expect(arrived).toHaveLength(40);
  expect(bridge.status()[0]?.deadLettered).toBe(0);
});

test("3,600 waiting changes are drained in fifteen requests a signal, each flag in order", async () => {
  const { clock, outbox } = setUp();
  const receiver = await receive();
  outbox.append(createChanges(3600, 50));
  run({ outbox, clock, sinks: [otlpSink({ endpoint: receiver.url })] });
  await until("the cursor to reach the end", async () => (await outbox.cursor("otlp")) === 3600);
  expect(receiver.requests.length).toBe(3 * Math.ceil(3600 / 256));
  const revisions = new Map<string, number>();
  for (const record of logsOf(receiver.requests)) {
    const flag = String(record.attributes["feature_flag.key"]);
    const revision = Number(record.attributes["feature_flag.version"]);
    expect(revision).toBeGreaterThan(revisions.get(flag) ?? 0);
    revisions.set(flag, revision);
  }
  expect(revisions.size).toBe(50);
});

test("of two processes on one outbox, one sends; the other takes over when the first is gone", async () => {
  const clock = createStandingClock();
  const outbox = createMemoryOutbox(clock.now);
  const first = await receive();
  const second = await receive();
  const one = run({
    outbox,
    clock,
    owner: "one",
    sinks: [otlpSink({ endpoint: first.url, signals: ["logs"] })],
  });
  outbox.append(createChanges(3));
  await until("the first to send", async () => (await outbox.cursor("otlp")) === 3);
  const two = run({
    outbox,
    clock,
    owner: "two",
    sinks: [otlpSink({ endpoint: second.url, signals: ["logs"] })],
  });
  outbox.append(createChanges(2));
  await until("the two more", async () => (await outbox.cursor("otlp")) === 5);
  expect([one.status()[0]?.leading, two.status()[0]?.leading]).toEqual([true, false]);
  expect(second.requests).toEqual([]);
  await one.stop();
  outbox.append(createChanges(4));
  await until("the second to send", async () => (await outbox.cursor("otlp")) === 9);
  expect(logsOf(second.requests)).toHaveLength(4);
});

test("a sink that is down holds up no other, and stopping twice does no harm", async () => {
  const { clock, outbox } = setUp();
  const down = await receive(() => ({ status: 503 }));
  const up = await receive();
  const bridge = run({
    outbox,
    clock,
    sinks: [
      otlpSink({ name: "down", endpoint: down.url }),
      otlpSink({ name: "up", endpoint: up.url, signals: ["logs"] }),
    ],
  });
  outbox.append(createChanges(20));
  await until("the other to send", async () => (await outbox.cursor("up")) === 20);
  expect(await outbox.cursor("down")).toBe(0);
  await bridge.stop();
  await bridge.stop();
});

test("two sinks of one name would share a cursor and are refused", () => {
  const { outbox } = setUp();
  const sink = otlpSink({ endpoint: "http://localhost:4318" });
  expect(() => createBridge({ outbox, sinks: [sink, sink] })).toThrow('two sinks are named "otlp"');
});
