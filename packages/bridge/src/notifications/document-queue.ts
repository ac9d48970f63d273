import type { Documents } from "../outbox/documents.ts";
import type { Notification } from "./notification.ts";
import type { NotificationQueue, QueuedNotification } from "./queue.ts";

const kinds = {
  line: "notifications",
  cursor: "notification-cursor",
  dead: "notification-dead-letter",
} as const;
const page = 500;

interface Kept {
  readonly notification: Notification;
  /** Milliseconds since the epoch. */
  readonly keptAt: number;
}

/**
 * Creates a line in a store: it outlives the process and is shared by all that use the store. A sink that was never there before begins
 * with what is kept from now on, since the alarms of last month are no news.
 */
export function createDocumentQueue(documents: Documents, now: () => number): NotificationQueue {
  const startedMs = now();

  async function findCursor(
    sink: string,
  ): Promise<{ readonly seq: number; readonly version: number } | undefined> {
    const found = (await documents.list(kinds.cursor)).find(({ id }) => id === sink);
    return found === undefined ? undefined : { seq: found.body as number, version: found.version };
  }

  async function findEndOfOld(): Promise<number> {
    let end = 0;
    for (;;) {
      const entries = await documents.read(kinds.line, "all", end, page);
      const old = entries.filter(({ body }) => (body as Kept).keptAt < startedMs);
      end = old.at(-1)?.seq ?? end;
      if (old.length < page) return end;
    }
  }

  return {
    append: (notification) =>
      documents.append(kinds.line, "all", { notification, keptAt: now() } satisfies Kept),
    async readAfter(seq, limit): Promise<readonly QueuedNotification[]> {
      const entries = await documents.read(kinds.line, "all", seq, limit);
      return entries.map((entry) => ({ seq: entry.seq, notification: (entry.body as Kept).notification }));
    },
    async cursor(sink): Promise<number> {
      const known = await findCursor(sink);
      if (known !== undefined) return known.seq;
      const seq = await findEndOfOld();
      await documents.put(kinds.cursor, sink, seq, null);
      return seq;
    },
    async advance(sink, seq): Promise<void> {
      const known = await findCursor(sink);
      if (known !== undefined && known.seq >= seq) return;
      const written = await documents.put(kinds.cursor, sink, seq, known?.version ?? null);
      if (written === "conflict") throw new Error("another process moved the cursor of notifications");
    },
    deadLetter: (sink, { notification }, reason) =>
      documents.append(kinds.dead, sink, { notification, reason }),
    acquireLease: async (sink, owner, ttlMs) =>
      (await documents.acquireLease(`notifications to ${sink}`, owner, ttlMs)) !== undefined,
    outlivesProcess: true,
    dropped: () => 0,
  };
}
