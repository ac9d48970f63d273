import type { Clock, Timer } from "../sync/clock.ts";
import type { RulesetGate } from "./ruleset-gate.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/**
 * Does what a change can wait for: compares what is held with the hash its patch promised, and writes it to disk. Both
 * need the whole text, so they happen together, a moment after the change, never twice at once.
 */
export interface Settler {
  /** What is held changed. */
  touch(): void;
  /** Writes what is pending and stops. */
  close(): Promise<void>;
}

export interface SettlerOptions {
  readonly gate: RulesetGate;
  /** Absent: nothing is kept. */
  readonly file: SnapshotFile | undefined;
  readonly clock: Clock;
  /** The disk refused; it is tried again with the next change. */
  readonly failed: (error: unknown) => void;
  /** What is held is not what its patch promised: it is not written. */
  readonly damaged: () => void;
}

/** A burst of changes settles once; the pause grows with the size, so that this takes one per cent of the time at most. */
function pauseMs(length: number): number {
  return 200 + Math.min(30_000, length / 1000);
}

/** Creates a settler. */
export function createSettler({ gate, file, clock, failed, damaged }: SettlerOptions): Settler {
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let length = 0;

  async function settle(): Promise<void> {
    const { promised } = gate;
    if (promised !== undefined && gate.etag() !== `"${promised}"`) {
      if (!closed) damaged();
      return;
    }
    const text = gate.text();
    if (text === undefined) return;
    length = text.length;
    const etag = gate.held?.etag;
    await file?.write({ text, ...(etag === undefined ? {} : { etag }) }).catch(failed);
  }

  function run(): void {
    timer = undefined;
    if (writing !== undefined) {
      again = true;
      return;
    }
    writing = settle()
      .catch(failed)
      .finally(() => {
        writing = undefined;
        if (again) touch();
        again = false;
      });
  }

  function touch(): void {
    if (file !== undefined || gate.promised !== undefined) timer ??= clock.setTimeout(run, pauseMs(length));
  }

  return {
    touch,
    close: async () => {
      const pending = file !== undefined && (timer !== undefined || again);
      closed = true;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
      again = false;
      await writing;
      if (pending) await settle().catch(failed);
    },
  };
}
