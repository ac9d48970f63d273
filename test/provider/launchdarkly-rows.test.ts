import { createHash } from "node:crypto";
import { createServer } from "node:tls";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { follow, type Followed } from "./follow.ts";
import { tickUntil } from "./manual-clock.ts";
import { cert, key } from "./self-signed.ts";
import { answerStatus, cutSocket, onOff, SmallControl } from "./small-control.ts";
import { settle, until } from "./until.ts";

// The rows of LaunchDarkly's sdk-test-harness as research/reliability.md §1.1 numbers them, against real HTTP.
let control: SmallControl;
const followed: Followed[] = [];
const start = (
  ...args: Parameters<typeof follow> extends [unknown, ...infer Rest] ? Rest : never
): Followed => {
  const one = follow(control, ...args);
  one.ready.catch(() => undefined);
  followed.push(one);
  return one;
};

beforeEach(async () => {
  control = await new SmallControl().listen();
});
afterEach(async () => {
  await Promise.all(followed.splice(0).map((one) => one.provider.onClose()));
  await control.close();
});

describe("stream", () => {
  test("LD-S1: reconnects after the stream was closed, and applies what is new", async () => {
    const { ready, clock, value } = start();
    await ready;
    control.cutStreams();
    await until("the stream is seen to have ended", () => clock.delays.includes(250));
    control.set("a", onOff("on"));
    clock.advance(250);
    await until("the flag is on", () => value("a"));
    expect(control.count("stream")).toBe(2);
    expect(control.last("stream")?.headers["last-event-id"]).toBe("1");
  });

  test("LD-S2: the configured initial delay is applied", async () => {
    const { ready, clock } = start({ backoff: { baseMs: 10_000 }, pollIntervalMs: 600_000 });
    await ready;
    control.cutStreams();
    await until("it waits", () => clock.delays.includes(5000));
    clock.advance(4999);
    await settle();
    expect(control.count("stream")).toBe(1);
    clock.advance(1);
    await until("it is back", () => control.count("stream") === 2);
  });

  test("LD-S3: two I/O errors on the initial connect, then success: exactly three connections", async () => {
    control.next.stream.push(cutSocket, cutSocket);
    const { ready, clock } = start({ pollIntervalMs: 600_000 });
    await until("the first failed", () => clock.delays.includes(250));
    clock.advance(250);
    await until("the second failed", () => clock.delays.includes(500));
    clock.advance(500);
    await ready;
    clock.advance(30_000);
    await settle();
    expect(control.count("stream")).toBe(3);
  });

  test("LD-S3: an I/O error on the reconnect is retried", async () => {
    const { ready, clock } = start({ pollIntervalMs: 600_000 });
    await ready;
    control.next.stream.push(cutSocket);
    control.cutStreams();
    await until("the stream is lost", () => clock.delays.includes(250));
    clock.advance(250);
    await until("the reconnect failed", () => clock.delays.includes(500));
    clock.advance(500);
    await until("it is back", () => control.streams.size === 1);
    expect(control.count("stream")).toBe(3);
  });

  test.each([400, 408, 429, 500, 503])(
    "LD-S4: HTTP %i is retried, on the initial connect and on the reconnect",
    async (status) => {
      control.next.stream.push(answerStatus(status));
      control.always.ruleset = answerStatus(503);
      const { ready, clock } = start({ pollIntervalMs: 600_000 });
      await until("it was refused", () => clock.delays.some((delayMs) => delayMs <= 250));
      clock.advance(250);
      await settle();
      clock.advance(250);
      await ready;
      control.next.stream.push(answerStatus(status));
      control.cutStreams();
      await until(
        "the stream is lost",
        () => control.streams.size === 0 && clock.delays.some((delayMs) => delayMs <= 500),
      );
      for (let tries = 0; tries < 5 && control.streams.size === 0; tries++) {
        clock.advance(1000);
        await settle();
      }
      expect(control.streams.size).toBe(1);
    },
  );

  test.each([401, 403, 405])(
    "LD-S5: HTTP %i is not retried soon, but within five minutes, for ever",
    async (status) => {
      control.always.stream = answerStatus(status);
      control.always.ruleset = answerStatus(status);
      const { clock, value } = start();
      for (let round = 1; round <= 3; round++) {
        await tickUntil("it tried", clock, () => control.count("stream") === round);
        const lastTriedMs = clock.monotonic();
        await tickUntil("it tried again", clock, () => control.count("stream") === round + 1);
        const waitedMs = clock.monotonic() - lastTriedMs;
        expect(waitedMs).toBeGreaterThanOrEqual(150_000);
        expect(waitedMs).toBeLessThanOrEqual(310_000);
      }
      delete control.always.stream;
      control.set("a", onOff("on"));
      await tickUntil("it has recovered by itself", clock, () => value("a"));
    },
  );

  test("LD-S5: an untrusted certificate is such a failure too, and nothing is sent to it (LD-S11)", async () => {
    let requests = 0;
    const server = createServer({ key, cert }, (socket) => {
      socket.on("data", () => requests++);
      socket.on("error", () => undefined);
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { clock } = start({ url: `https://127.0.0.1:${port}` });
    await until("it waits for minutes", () =>
      clock.delays.some((delayMs) => delayMs === 225_000 || delayMs === 2500),
    );
    await settle();
    clock.advance(5000);
    await until("polling failed too", () =>
      clock.delays.some((delayMs) => delayMs > 200_000 && delayMs <= 225_000),
    );
    expect(requests).toBe(0);
    server.close();
  });

  test("LD-S6: after the extended regime and a healthy minute, the next reconnect is soon", async () => {
    control.next.stream.push(answerStatus(401));
    control.next.ruleset.push(answerStatus(401));
    const { clock } = start();
    await tickUntil("it is connected", clock, () => control.streams.size === 1);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(225_000);
    for (let beats = 0; beats < 5; beats++) {
      clock.advance(15_000);
      control.send(": ping\n\n");
      await settle();
    }
    control.cutStreams();
    await until("it waits for a moment only", () => clock.delays.includes(250));
  });

  test.each([
    ["malformed JSON in a snapshot", "event: snapshot\ndata: {no\n\n"],
    ["malformed JSON in a patch", "event: patch\ndata: {no\n\n"],
    ["malformed JSON in a deletion", 'event: patch\ndata: {"from":"1","to":"2","flags":{"a":\n\n'],
    ["a snapshot of wrong schema", "event: snapshot\ndata: []\n\n"],
    ["a patch of wrong schema", 'event: patch\ndata: {"flags":7}\n\n'],
    ["a deletion of wrong schema", 'event: patch\ndata: {"from":"1","to":"2","flags":{"a":false}}\n\n'],
  ])("LD-S7: %s drops the connection, and good data follows", async (_what, garbage) => {
    const { ready, clock, value } = start({ pollIntervalMs: 600_000 });
    await ready;
    control.send(garbage);
    await until("the connection is dropped", () => control.streams.size === 0);
    control.set("a", onOff("on"));
    clock.advance(250);
    await until("the flag is on", () => value("a"));
    expect(control.count("stream")).toBe(2);
  });

  test.each([
    ["JSON", 'event: later\ndata: {"a":1}\n\n'],
    ["no JSON", "event: later\ndata: what?\n\n"],
    [
      "unknown fields in a patch",
      'event: patch\nid: 2\ndata: {"from":"1","to":"2","flags":{},"paths":["/x"]}\n\n',
    ],
  ])("LD-S8: an unknown event (%s) is ignored, and later ones still count", async (_what, event) => {
    const { ready, value } = start();
    await ready;
    control.send(event);
    if (event.includes("id: 2")) control.revision = 2;
    control.set("a", onOff("on"));
    await until("the flag is on", () => value("a"));
    expect(control.count("stream")).toBe(1);
    expect(control.count("ruleset")).toBe(0);
  });

  test("LD-S9: an older snapshot on a new connection does not replace what is held", async () => {
    const { ready, clock, value, provider } = start();
    await ready;
    control.set("a", onOff("on"));
    await until("the flag is on", () => value("a"));
    control.next.stream.push((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const old = { flags: { a: onOff("off") }, metadata: { version: "1" } };
      response.write(`event: snapshot\nid: 1\ndata: ${JSON.stringify(old)}\n\n`);
    });
    control.cutStreams();
    await until("the stream is lost", () => clock.delays.includes(250));
    clock.advance(250);
    await settle();
    expect(provider.revision).toBe("2");
    expect(value("a")).toBe(true);
  });

  test("a patch that leaves a gap is not applied: the snapshot is fetched, and the stream stays", async () => {
    const { ready, value, provider } = start();
    await ready;
    control.revision = 5;
    control.flags["b"] = onOff("on");
    control.set("a", onOff("on"));
    await until("all is known", () => value("a") && value("b"));
    expect(provider.revision).toBe("6");
    expect([control.count("ruleset"), control.count("stream")]).toEqual([1, 1]);
  });

  test("LD-S10: closing closes the TCP stream at once", async () => {
    const { ready, provider } = start();
    await ready;
    await provider.onClose();
    await until("the server has seen it", () => control.streams.size === 0);
    expect(control.count("stream")).toBe(1);
  });
});

describe("polling", () => {
  const polling = { stream: false, pollIntervalMs: 1000 } as const;

  test("LD-P1: no ETag on the first request, then the one of what is held", async () => {
    const { ready, clock } = start(polling);
    await ready;
    expect(control.last("ruleset")?.headers["if-none-match"]).toBeUndefined();
    clock.advance(1000);
    await until("it asked again", () => control.count("ruleset") === 2);
    expect(control.last("ruleset")?.headers["if-none-match"]).toMatch(/^"[0-9a-f]{64}"$/u);
  });

  test("LD-P1: the ETag survives a restart", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "flagspan-etag-"));
    const first = start({ ...polling, cacheDir });
    await first.ready;
    await first.provider.onClose();
    const second = start({ ...polling, cacheDir });
    await second.ready;
    await until("it asked", () => control.count("ruleset") === 2);
    expect(control.last("ruleset")?.headers["if-none-match"]).toMatch(/^"[0-9a-f]{64}"$/u);
    await second.provider.onClose();
    await rm(cacheDir, { recursive: true });
  });

  test("LD-P1: an interleaved streaming session leaves an ETag that the server confirms", async () => {
    const { ready, clock, value } = start({ pollIntervalMs: 1000 });
    await ready;
    control.set("a", onOff("on"));
    await until("the flag is on", () => value("a"));
    control.always.stream = answerStatus(405);
    control.cutStreams();
    await until("the stream is lost", () => clock.delays.includes(250));
    await tickUntil("it polls", clock, () => control.count("ruleset") >= 1);
    const hash = createHash("sha256").update(control.body).digest("hex");
    expect(control.last("ruleset")?.headers["if-none-match"]).toBe(`"${hash}"`);
  });

  test("LD-P2: a large payload polls correctly", async () => {
    control.flags = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`flag-${index}`, onOff("on")]),
    );
    const { ready, value } = start(polling);
    await ready;
    expect(value("flag-1999")).toBe(true);
  });

  test("LD-P3: 401 keeps polling on the extended cadence; two successes restore the regular one", async () => {
    control.always.ruleset = answerStatus(401);
    const { clock } = start(polling);
    await until("it was refused", () => clock.delays.includes(225_000));
    clock.advance(225_000);
    await until("it asked again", () => control.count("ruleset") === 2);
    await until("it was refused again", () => clock.delays.includes(225_000));
    delete control.always.ruleset;
    for (const count of [3, 4]) {
      clock.advance(225_000);
      await until("it asked", () => control.count("ruleset") === count);
      await settle();
    }
    clock.advance(1000);
    await until("it polls every second again", () => control.count("ruleset") === 5);
    expect(clock.monotonic()).toBe(676_000);
  });

  test("slow answers never overlap", async () => {
    control.always.ruleset = (_request, response) => void setTimeout(() => response.writeHead(503).end(), 50);
    const { clock } = start({ ...polling, backoff: { baseMs: 10, capMs: 10 } });
    for (let ticks = 0; ticks < 10; ticks++) {
      clock.advance(1000);
      await settle();
    }
    expect(control.count("ruleset")).toBeGreaterThan(3);
    expect(control.maxInFlight).toBe(1);
  });

  test("any flagd JSON document is followed, without a stream or acknowledgements", async () => {
    const { ready, clock, value } = start({
      url: `${control.url}/flags.json`,
      set: undefined as never,
      pollIntervalMs: 1000,
    });
    await ready;
    control.set("a", onOff("on"));
    clock.advance(1000);
    await until("the flag is on", () => value("a"));
    expect([control.count("stream"), control.count("applied")]).toEqual([0, 0]);
  });
});

test("LD-N1: not ready is the default with PROVIDER_NOT_READY, never an exception", async () => {
  control.always.stream = cutSocket;
  const { provider, ready, clock } = start({}, { initTimeoutMs: 1000 });
  const early = await provider.resolveBooleanEvaluation("a", true, {});
  expect(early).toMatchObject({ value: true, reason: "ERROR", errorCode: "PROVIDER_NOT_READY" });
  await until("it waits", () => clock.delays.includes(1000));
  clock.advance(1000);
  await expect(ready).rejects.toThrow("no ruleset within 1000 ms");
  expect(provider.evaluateSync("a", true)).toMatchObject({ value: true, errorCode: "PROVIDER_NOT_READY" });
});

test("LD-I1: two providers are independent", async () => {
  const other = await new SmallControl({ a: onOff("on") }).listen();
  const [one, two] = [start(), follow(other)];
  await Promise.all([one.ready, two.ready]);
  expect([one.value("a"), two.value("a")]).toEqual([false, true]);
  await other.close();
  await one.provider.onClose();
  control.set("a", onOff("on"));
  expect([one.value("a"), two.value("a")]).toEqual([false, true]);
  await two.provider.onClose();
});
