import type { Outbox, OutboxEntry } from "@flagspan/bridge";
import type { FlagChange } from "@flagspan/ruleset/change";

/** An outbox in memory with the contract of control's, leases by a given clock, and a disk that can be full. */
export interface MemoryOutbox extends Outbox {
  append(changes: readonly FlagChange[]): void;
  readonly dead: { readonly sink: string; readonly entry: OutboxEntry; readonly reason: string }[];
  /** While it says true, every write fails. */
  diskFull: () => boolean;
}

/** Creates an empty outbox. */
export function createMemoryOutbox(now: () => number): MemoryOutbox {
  const entries: OutboxEntry[] = [];
  const cursors = new Map<string, number>();
  const leases = new Map<string, { owner: string; untilMs: number }>();
  const listeners = new Set<() => void>();
  const outbox: MemoryOutbox = {
    dead: [],
    diskFull: () => false,
    append(changes) {
      for (const change of changes) entries.push({ seq: entries.length + 1, change });
      for (const listener of listeners) listener();
    },
    readAfter: (seq, limit) => Promise.resolve(entries.slice(seq, seq + limit)),
    cursor: (sink) => Promise.resolve(cursors.get(sink) ?? 0),
    async advance(sink, seq) {
      if (outbox.diskFull()) throw new Error("ENOSPC: no space left on device");
      cursors.set(sink, seq);
    },
    async deadLetter(sink, entry, reason) {
      if (outbox.diskFull()) throw new Error("ENOSPC: no space left on device");
      outbox.dead.push({ sink, entry, reason });
    },
    async acquireLease(sink, owner, ttlMs) {
      const held = leases.get(sink);
      if (held !== undefined && held.owner !== owner && held.untilMs > now()) return false;
      leases.set(sink, { owner, untilMs: now() + ttlMs });
      return true;
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return outbox;
}
