import type { NotificationQueue, QueuedNotification } from "./queue.ts";

const mostKept = 1000;

/** Creates a line in memory, for a bridge without a store: it ends with the process, and holds the newest thousand. */
export function createMemoryQueue(): NotificationQueue {
  const entries: QueuedNotification[] = [];
  const cursors = new Map<string, number>();
  let lastSeq = 0;
  let dropped = 0;
  return {
    async append(notification): Promise<void> {
      lastSeq += 1;
      entries.push({ seq: lastSeq, notification });
      if (entries.length <= mostKept) return;
      const oldest = entries.shift();
      const isFinished = [...cursors.values()].every((cursor) => cursor >= (oldest?.seq ?? 0));
      if (!isFinished) dropped += 1;
    },
    readAfter: async (seq, limit) => entries.filter((entry) => entry.seq > seq).slice(0, limit),
    async cursor(sink): Promise<number> {
      const cursor = cursors.get(sink) ?? 0;
      cursors.set(sink, cursor);
      return cursor;
    },
    async advance(sink, seq): Promise<void> {
      cursors.set(sink, seq);
    },
    // The status says how many and why; nothing in memory is kept longer than that.
    deadLetter: async () => undefined,
    acquireLease: async () => true,
    outlivesProcess: false,
    dropped: () => dropped,
  };
}
