import type { Clock } from "@flagspan/bridge";

/** A clock whose sleeps pass at once and move it forward: an hour of waiting takes as long as the work in it. */
export interface FakeClock extends Clock {
  /** Every sleep asked for so far, in milliseconds. */
  readonly sleeps: number[];
}

/** Starts a fake clock at the given time. */
export function createFakeClock(startMs: number = Date.parse("2026-01-31T12:00:00Z")): FakeClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => nowMs,
    async sleep(durationMs, signal): Promise<void> {
      // Real I/O goes on between two sleeps.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      sleeps.push(durationMs);
      nowMs += durationMs;
    },
  };
}

/** A clock that stands still; its sleeps pass after a moment of real time. */
export function createStandingClock(nowMs: number = Date.parse("2026-01-31T12:00:00Z")): Clock {
  return {
    now: () => nowMs,
    sleep: (_, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else setTimeout(resolve, 2);
      }),
  };
}
