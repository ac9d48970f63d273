import type { Clock, Timer } from "../sync/clock.ts";

/** Asks for a comparison with the server's ETag now and then, while nothing on a stream would show a difference. */
export interface Audit {
  /** The first one is due at some time within the interval. */
  start(): void;
  /** A stream goes on from what is held, perhaps in another history with the same number: compared within a minute. */
  resume(): void;
  close(): void;
}

const soonMs = 60_000;

/** Creates an audit; `compare` is called every `intervalMs`, a quarter more or less, so that a fleet spreads. */
export function createAudit(
  intervalMs: number,
  clock: Clock,
  random: () => number,
  compare: () => void,
): Audit {
  let timer: Timer | undefined;

  function schedule(delayMs: number): void {
    close();
    timer = clock.setTimeout(() => {
      compare();
      schedule(intervalMs * (0.75 + random() / 2));
    }, delayMs);
  }

  function close(): void {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
  }

  return {
    start: () => {
      if (timer === undefined) schedule(intervalMs * (0.75 + random() / 2));
    },
    resume: () => schedule(random() * Math.min(soonMs, intervalMs)),
    close,
  };
}
