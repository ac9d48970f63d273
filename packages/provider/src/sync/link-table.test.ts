import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { chooseDelayMs, clampRetryHintMs, defaultBackoff } from "./backoff.ts";
import { type Failure, isExtended, parseRetryAfter } from "./failure.ts";
import {
  initialLinkState,
  type LinkEffect,
  type LinkEvent,
  type LinkPolicy,
  type LinkState,
} from "./link-state.ts";
import { moveLink } from "./link-table.ts";

const policy: LinkPolicy = {
  backoff: defaultBackoff,
  streams: true,
  fetchFirst: false,
  pollIntervalMs: 5000,
  idleMs: 45_000,
  connectMs: 10_000,
  fetchMs: 10_000,
  healthyMs: 60_000,
};
const network: Failure = { kind: "network", message: "reset" };
const status = (code: number, retryAfterMs?: number): Failure => ({
  kind: "status",
  status: code,
  message: `HTTP ${code}`,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

interface Walk {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
  readonly delayMs: number | undefined;
}

/** Sends events, each at its time, and answers the state and the effects of the last. */
function walk(
  events: readonly (LinkEvent | { at: number })[],
  own: Partial<LinkPolicy> = {},
  random = 0.5,
): Walk {
  const used = { ...policy, ...own };
  let state = initialLinkState(used);
  let nowMs = 0;
  let effects: readonly LinkEffect[] = [];
  for (const event of events) {
    if ("at" in event) nowMs = event.at;
    else ({ state, effects } = moveLink(state, event, used, { nowMs, random }));
  }
  const timer = effects.findLast((effect) => effect.kind === "set-timer");
  return { state, effects, delayMs: timer?.delayMs };
}

const kinds = (walked: Walk): string[] => walked.effects.map((effect) => effect.kind);
const start: LinkEvent = { kind: "start" };
const opened: LinkEvent = { kind: "opened" };
const timer: LinkEvent = { kind: "timer" };
const streamFailed = (failure: Failure): LinkEvent => ({ kind: "stream-failed", failure });
const fetchFailed = (failure: Failure): LinkEvent => ({ kind: "fetch-failed", failure });

describe("a link", () => {
  test("opens its stream first, or fetches first where the stream's address comes with the answer", () => {
    expect(kinds(walk([start]))).toEqual(["set-timer", "open-stream"]);
    expect(kinds(walk([start], { fetchFirst: true }))).toEqual(["set-timer", "fetch"]);
    expect(kinds(walk([start], { streams: false }))).toEqual(["set-timer", "fetch"]);
  });

  test("LD-S2: the configured first delay is a ceiling, and half of it a floor", () => {
    const backoff = { ...defaultBackoff, baseMs: 10_000 };
    const delays = [0, 0.5, 0.999].map((random) => {
      const { stream } = walk([start, streamFailed(network)], { backoff }, random).state;
      return stream.dueMs;
    });
    expect(delays).toEqual([5000, 5000, 9990]);
  });

  test("LD-S5: 204, 401, 403, 405 and TLS failures wait for minutes, everything else for moments", () => {
    for (const failure of [
      status(204),
      status(401),
      status(403),
      status(405),
      { kind: "tls", message: "expired" } as const,
    ]) {
      expect(isExtended(failure)).toBe(true);
      const { dueMs } = walk([start, streamFailed(failure)]).state.stream;
      expect(dueMs).toBeGreaterThanOrEqual(150_000);
      expect(dueMs).toBeLessThanOrEqual(300_000);
    }
    for (const failure of [
      status(400),
      status(404),
      status(408),
      status(429),
      status(500),
      status(503),
      network,
    ]) {
      expect(walk([start, streamFailed(failure)]).state.stream.dueMs).toBeLessThanOrEqual(500);
    }
  });

  test("LD-S6: a stream that was healthy for a minute starts counting anew, one that was not goes on", () => {
    const after = (livedMs: number): LinkState =>
      walk([
        start,
        streamFailed(status(401)),
        { at: 400_000 },
        timer,
        opened,
        { at: 400_000 + livedMs },
        streamFailed(network),
      ]).state;
    expect(after(60_000).stream).toMatchObject({ extended: false, failures: 1, dueMs: 460_250 });
    expect(after(59_000).stream).toMatchObject({ extended: true, failures: 2 });
  });

  test("polls at once when the server is there but offers no stream, and later when it is not there", () => {
    expect(walk([start, streamFailed(status(405))]).delayMs).toBe(0);
    expect(kinds(walk([start, streamFailed(status(405)), timer]))).toEqual(["set-timer", "fetch"]);
    const gone = walk([start, streamFailed(network)]);
    expect(gone.delayMs).toBe(250);
    expect(kinds(walk([start, streamFailed(network), { at: 250 }, timer]))).toEqual([
      "set-timer",
      "open-stream",
    ]);
  });

  test("a stream that keeps failing never postpones the poll that is due", () => {
    let state = initialLinkState(policy);
    let nowMs = 0;
    let lastFetchMs = 0;
    let longestMs = 0;
    let pending: LinkEvent = start;
    while (nowMs < 120_000) {
      const { state: next, effects } = moveLink(state, pending, policy, { nowMs, random: 0.5 });
      state = next;
      if (effects.some((effect) => effect.kind === "open-stream")) {
        pending = streamFailed(status(503));
        continue;
      }
      if (effects.some((effect) => effect.kind === "fetch")) {
        longestMs = Math.max(longestMs, nowMs - lastFetchMs);
        lastFetchMs = nowMs;
        pending = { kind: "received" };
        continue;
      }
      const due = effects.findLast((effect) => effect.kind === "set-timer");
      nowMs += Math.max(1, due?.delayMs ?? 1);
      pending = timer;
    }
    expect(longestMs).toBeLessThanOrEqual(policy.pollIntervalMs ?? 0);
  });

  test("LD-P3: polling after 401 keeps on at the extended cadence; two successes restore the regular one", () => {
    const own = { streams: false };
    const refused = walk([start, fetchFailed(status(401))], own);
    expect(refused.delayMs).toBe(225_000);
    const once = [start, fetchFailed(status(401)), { at: 225_000 }, timer, { kind: "received" } as const];
    expect(walk(once, own).delayMs).toBe(225_000);
    expect(walk([...once, { at: 450_000 }, timer, { kind: "received" }], own).delayMs).toBe(4750);
  });

  test("asks again after a fetch during which it was told that it is behind, and never twice at once", () => {
    const behind: LinkEvent = { kind: "behind" };
    const first = walk([start, opened, behind]);
    expect(kinds(first)).toEqual(["set-timer", "fetch"]);
    expect(kinds(walk([start, opened, behind, behind, behind]))).toEqual([]);
    expect(kinds(walk([start, opened, behind, behind, behind, { kind: "received" }]))).toEqual([
      "set-timer",
      "fetch",
    ]);
    expect(walk([start, opened, behind, behind, { kind: "received" }, { kind: "received" }]).state.kind).toBe(
      "streaming",
    );
  });

  test("a fetch that fails while catching up costs the stream, which begins with what is missing", () => {
    const failed = walk([start, opened, { kind: "behind" }, fetchFailed(status(500))]);
    expect(failed.state.kind).toBe("waiting");
    expect(kinds(failed)).toContain("drop-stream");
  });

  test("a silent stream is dropped after its idle time; any byte prolongs it", () => {
    expect(walk([start, opened, { kind: "activity" }]).delayMs).toBe(45_000);
    const idle = walk([start, opened, { at: 45_000 }, timer]);
    expect(kinds(idle)).toEqual(["drop-stream", "report", "set-timer"]);
    expect(idle.state).toMatchObject({ kind: "waiting", up: false });
  });

  test("a server's retry becomes the first delay, within 100 ms and a minute", () => {
    const hinted = walk([start, opened, { kind: "hint", delayMs: 8000 }, streamFailed(network)]);
    expect(hinted.state.stream.dueMs).toBe(4000);
    expect([clampRetryHintMs(1), clampRetryHintMs(3000), clampRetryHintMs(1e9)]).toEqual([100, 3000, 60_000]);
  });

  test("Retry-After is honoured as a floor and not believed beyond an hour", () => {
    expect(walk([start, streamFailed(status(503, 20_000))], {}, 0).state.stream.dueMs).toBe(20_000);
    expect(walk([start, streamFailed(status(429, 1e12))], {}, 0).state.stream.dueMs).toBe(3_600_000);
    expect(parseRetryAfter("120", 0)).toBe(120_000);
    expect(parseRetryAfter("Thu, 01 Jan 1970 00:01:00 GMT", 0)).toBe(60_000);
    expect([parseRetryAfter("soon", 0), parseRetryAfter(undefined, 0), parseRetryAfter("", 0)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test("I9: no delay is below half the base or above its ceiling, for any failures in a row and any chance", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, extended, random) => {
        const delayMs = chooseDelayMs(failures, extended, undefined, random, defaultBackoff);
        expect(delayMs).toBeGreaterThanOrEqual(extended ? 150_000 : 250);
        expect(delayMs).toBeLessThanOrEqual(extended ? 300_000 : 30_000);
      },
    ),
  );
});

const anyFailure = fc.oneof(
  fc.constant(network),
  fc.constant<Failure>({ kind: "tls", message: "expired" }),
  fc.integer({ min: 200, max: 599 }).map((code) => status(code)),
  fc.nat(1e13).map((retryAfterMs) => status(503, retryAfterMs)),
);
const anyEvent: fc.Arbitrary<LinkEvent> = fc.oneof(
  fc
    .constantFrom<LinkEvent["kind"]>("start", "opened", "activity", "received", "behind", "timer")
    .map((kind) => ({ kind }) as LinkEvent),
  anyFailure.map((failure): LinkEvent => ({ kind: "stream-failed", failure })),
  anyFailure.map((failure): LinkEvent => ({ kind: "fetch-failed", failure })),
  fc.nat(1e9).map((delayMs): LinkEvent => ({ kind: "hint", delayMs })),
);

test("I1, I2, I3: whatever happens, one fetch at most is in flight, a timer always runs, and nothing ends sync but closing", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(anyEvent, fc.nat(400_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        { maxLength: 80 },
      ),
      fc.record({ streams: fc.boolean(), fetchFirst: fc.boolean() }),
      (history, own) => {
        const used = { ...policy, ...own };
        let state = moveLink(initialLinkState(used), start, used, { nowMs: 0, random: 0 }).state;
        let nowMs = 0;
        let fetching = state.kind === "fetching";
        let armed = true;
        let streaming = state.kind === "connecting";
        for (const [event, elapsedMs, random] of history) {
          // Answers come only to those who asked: the runner guarantees it.
          if ((event.kind === "received" || event.kind === "fetch-failed") && !fetching) continue;
          if (
            (event.kind === "opened" || event.kind === "stream-failed" || event.kind === "activity") &&
            !streaming
          )
            continue;
          if (event.kind === "received" || event.kind === "fetch-failed") fetching = false;
          if (event.kind === "timer") armed = false;
          nowMs += elapsedMs;
          const step = moveLink(state, event, used, { nowMs, random });
          ({ state } = step);
          for (const effect of step.effects) {
            expect(effect.kind === "fetch" && fetching, "two fetches").toBe(false);
            const delayMs = effect.kind === "set-timer" ? effect.delayMs : 0;
            expect(delayMs).toBeGreaterThanOrEqual(0);
            expect(delayMs).toBeLessThanOrEqual(3_600_000 * 1.1 + 1);
            if (effect.kind === "fetch") fetching = true;
            else if (effect.kind === "abort-fetch") fetching = false;
            else if (effect.kind === "open-stream") streaming = true;
            else if (effect.kind === "drop-stream") streaming = false;
            else if (effect.kind === "set-timer") armed = true;
            else if (effect.kind === "clear-timer") armed = false;
          }
          expect(state.kind).not.toBe("closed");
          expect(armed, `a timer in ${state.kind}`).toBe(true);
        }
      },
    ),
  );
});

test("I4: closing ends everything, from any state, and nothing happens afterwards", () => {
  const shut = walk([start, opened, { kind: "behind" }, { kind: "close" }]);
  expect(kinds(shut)).toEqual(["clear-timer", "drop-stream", "abort-fetch"]);
  for (const event of [
    start,
    opened,
    timer,
    { kind: "received" } as const,
    streamFailed(network),
    { kind: "close" } as const,
  ]) {
    expect(moveLink(shut.state, event, policy, { nowMs: 1, random: 0 })).toEqual({
      state: shut.state,
      effects: [],
    });
  }
});
