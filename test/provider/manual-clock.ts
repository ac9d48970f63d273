import type { Clock, Timer } from "@flagspan/provider/server";
import { letSocketsAnswer } from "./until.ts";

interface Pending {
  readonly run: () => void;
  readonly atMs: number;
}

/** A clock that moves by hand. Timers run in the order of their times while it is advanced. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** The delays of the timers that wait, shortest first. */
  readonly delays: readonly number[];
}

/** Starts at a fixed wall time. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsedMs = 0;
  const pending = new Set<Pending>();
  const next = (untilMs: number): Pending | undefined =>
    [...pending].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    setTimeout: (run, delayMs) => {
      const timer = { run, atMs: elapsedMs + delayMs };
      pending.add(timer);
      return timer;
    },
    clearTimeout: (timer: Timer) => {
      pending.delete(timer as Pending);
    },
    advance: (ms) => {
      const untilMs = elapsedMs + ms;
      for (let due = next(untilMs); due !== undefined; due = next(untilMs)) {
        pending.delete(due);
        elapsedMs = Math.max(elapsedMs, due.atMs);
        due.run();
      }
      elapsedMs = untilMs;
    },
    get delays() {
      return [...pending].map((timer) => timer.atMs - elapsedMs).sort((a, b) => a - b);
    },
  };
}

/** Runs the next timer and lets sockets answer, again and again, until something is so; gives up after 200 timers. */
export async function tickUntil(what: string, clock: ManualClock, isSo: () => boolean): Promise<void> {
  for (let ticks = 0; ticks < 200; ticks++) {
    if (isSo()) return;
    clock.advance(clock.delays[0] ?? 0);
    await letSocketsAnswer(25);
  }
  throw new Error(`ticked in vain until ${what}`);
}
