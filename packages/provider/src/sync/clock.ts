/** A pending call that its clock can cancel. */
export type Timer = object | number;

/** Where sync takes its time from. Tests inject one that moves by hand. */
export interface Clock {
  /** Wall time in milliseconds since the epoch: only for display, telemetry and rules that look at the time. */
  now(): number;
  /** Monotonic milliseconds: every delay, deadline and age is measured with it, so a wall clock that jumps harms nothing. */
  monotonic(): number;
  setTimeout(run: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** The longest delay a platform timer takes; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1;

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, Math.min(delayMs, longestMs)),
  clearTimeout: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
};
