import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { DropCounts } from "../health/drop-counts.ts";
import { PageSender } from "./page-sender.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Reply {
  readonly status: number;
  readonly retryAfter?: string;
}

/** A page's sender with faked timers, and what its endpoint saw: seconds since the start, and events taken. */
function createSender(reply: (attempt: number) => Reply | undefined) {
  const drops = new DropCounts();
  const startMs = Date.now();
  const seconds: number[] = [];
  const taken: string[] = [];
  const sender = new PageSender({
    url: "http://guard.test/v1/logs",
    headers: {},
    source: () => ({ resource: {}, scopeName: "test", scopeVersion: "1" }),
    drops,
    fetch: (_url, { body }) => {
      seconds.push(Math.round((Date.now() - startMs) / 1_000));
      const answer = reply(seconds.length);
      if (answer === undefined) return Promise.reject(new TypeError("Failed to fetch"));
      const { status, retryAfter } = answer;
      if (status === 200) {
        taken.push(
          ...[...body.matchAll(/"eventName":"(?<name>[^"]+)"/gu)].map(({ groups }) => groups?.["name"] ?? ""),
        );
      }
      const headers = new Headers(retryAfter === undefined ? {} : { "retry-after": retryAfter });
      return Promise.resolve({ ok: status === 200, status, headers });
    },
  });
  const add = (...names: readonly string[]): void => {
    for (const eventName of names) sender.add({ eventName, timeUnixMs: 0, attributes: {} });
  };
  return { sender, drops, seconds, taken, add };
}

test("while an endpoint fails the page asks less and less often, and loses nothing", async () => {
  const { add, seconds, taken, drops } = createSender((attempt) =>
    attempt < 9 ? undefined : { status: 200 },
  );
  add("a", "b");
  await vi.advanceTimersByTimeAsync(400_000);
  expect(seconds).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  expect(taken).toEqual(["a", "b"]);
  add("c");
  await vi.advanceTimersByTimeAsync(1_100);
  expect([taken, [...drops.read()]]).toEqual([["a", "b", "c"], []]);
});

test.each([
  { status: 429, retryAfter: "20", next: 21 },
  { status: 503, retryAfter: "7200", next: 61 },
  { status: 503, retryAfter: "-3", next: 2 },
  { status: 503, retryAfter: "soon", next: 3 },
])(
  "after $status with Retry-After $retryAfter the page tries again at second $next",
  async ({ next, ...answer }) => {
    const { add, seconds, taken } = createSender((attempt) => (attempt === 1 ? answer : { status: 200 }));
    add("a");
    await vi.advanceTimersByTimeAsync(90_000);
    expect([seconds, taken]).toEqual([[1, next], ["a"]]);
  },
);

test("a page's last try gives up what is not taken, counts it, and leaves no timer behind", async () => {
  const { add, sender, drops } = createSender(() => ({ status: 503 }));
  add("a", "b");
  await sender.finish();
  expect([...drops.read()]).toEqual([["outcome_send", 2]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a page holds 60 events and counts what comes beyond", () => {
  const { add, drops } = createSender(() => undefined);
  add(...Array.from({ length: 70 }, (_, index) => `e${index}`));
  expect([...drops.read()]).toEqual([["outcome_queue", 10]]);
});
