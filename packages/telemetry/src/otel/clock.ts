/** Where time comes from: tests hand in their own. */
export interface Clock {
  /** Milliseconds since the epoch: what goes on the wire. */
  nowMs(): number;
  /** Milliseconds that never step back: what durations are measured with. */
  monotonicMs(): number;
}

/** Reads the platform's clocks. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
