/** Time as the bridge needs it, so that a test can run an hour in a blink. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after the given time, or at once when the signal fires; never rejects. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own clock; its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      timer.unref();
      signal.addEventListener("abort", end);
    }),
};
