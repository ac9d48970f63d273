import type { Clock, Timer } from "../sync/clock.ts";
import type { RulesetGate } from "./ruleset-gate.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** Writes what a gate holds to disk, a moment after it changed, never twice at once. */
export interface SnapshotKeeper {
  /** What is held changed. */
  touch(): void;
  /** Writes what is pending and stops. */
  close(): Promise<void>;
}

/** A burst of changes costs one write; the pause grows with the size, so that writing stays under a few per cent. */
function pauseMs(length: number): number {
  return 200 + Math.min(30_000, length / 1000);
}

/** Creates a keeper; a disk that refuses is reported and tried again with the next change. */
export function createSnapshotKeeper(
  gate: RulesetGate,
  file: SnapshotFile,
  clock: Clock,
  failed: (error: unknown) => void,
): SnapshotKeeper {
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  let again = false;
  let length = 0;

  async function write(): Promise<void> {
    const text = gate.text();
    if (text === undefined) return;
    length = text.length;
    const etag = gate.held?.etag;
    await file.write({ text, ...(etag === undefined ? {} : { etag }) }).catch(failed);
  }

  function run(): void {
    timer = undefined;
    if (writing !== undefined) {
      again = true;
      return;
    }
    writing = write().finally(() => {
      writing = undefined;
      if (again) touch();
      again = false;
    });
  }

  function touch(): void {
    timer ??= clock.setTimeout(run, pauseMs(length));
  }

  return {
    touch,
    close: async () => {
      const pending = timer !== undefined || again;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
      again = false;
      await writing;
      if (pending) await write();
    },
  };
}
