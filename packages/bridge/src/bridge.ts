import { systemClock, type Clock } from "./clock.ts";
import { Worker, type SinkStatus } from "./delivery/worker.ts";
import { createDocumentQueue } from "./notifications/document-queue.ts";
import { createMemoryQueue } from "./notifications/memory-queue.ts";
import type { Notification } from "./notifications/notification.ts";
import { Notifier, type NotificationStatus } from "./notifications/notifier.ts";
import type { Documents } from "./outbox/documents.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { arrangeByVendorTime } from "./outbox/vendor-order.ts";
import type { Sink } from "./sinks/sink.ts";

/** What a bridge is made of. */
export interface BridgeOptions {
  readonly outbox: Outbox;
  /** Where changes go; names must differ. */
  readonly sinks: readonly Sink[];
  /** Where notifications are kept until every sink has told them. In memory by default: then they end with the process. */
  readonly documents?: Documents;
  /** Names this process among those that share the outbox; random by default. */
  readonly owner?: string;
  readonly clock?: Clock;
  /** In [0, 1), for jitter only. */
  readonly random?: () => number;
}

/** Sends every change of an outbox to every sink, at least once, changes of one flag in order, duplicates with the same id. */
export interface Bridge {
  /** Begins to send; a second call changes nothing. */
  start(): void;
  /**
   * Tells people something about a rollout through every sink that has a place for it, at least once, with the retries that changes have. Resolves
   * when it is kept (with `documents`: durably) and never rejects; may be called before `start`. An id that was told of late is not told again.
   */
  notify(notification: Notification): Promise<void>;
  /** Ends after the requests under way; calling it twice does no harm. */
  stop(): Promise<void>;
  /** What each sink is at, in the order they were given. */
  status(): readonly SinkStatus[];
  /** What became of notifications. */
  notifications(): NotificationStatus;
}

/**
 * Creates a bridge. Each sink has its own cursor and its own pace, so that one that is down holds up no other. Throws where two
 * sinks have one name, since they would share a cursor.
 */
export function createBridge(options: BridgeOptions): Bridge {
  const { outbox, sinks, documents, clock = systemClock, random = Math.random } = options;
  const owner = options.owner ?? globalThis.crypto.randomUUID();
  const names = new Set<string>();
  for (const sink of sinks) {
    if (names.has(sink.name))
      throw new Error(`two sinks are named "${sink.name}"; give one of them another \`name\`.`);
    names.add(sink.name);
  }
  const workers = sinks.map(
    (sink) =>
      new Worker({
        queue: outbox,
        sink: sink.name,
        batchSize: sink.batchSize,
        arrange: arrangeByVendorTime,
        deliver: (entries, context) =>
          sink.deliver(
            entries.map(({ change }) => change),
            context,
          ),
        owner,
        clock,
        random,
      }),
  );
  const notifier = new Notifier({
    queue: documents === undefined ? createMemoryQueue() : createDocumentQueue(documents, clock.now),
    sinks,
    owner,
    clock,
    random,
  });
  let unsubscribe: (() => void) | undefined;
  let stopped: Promise<void> | undefined;

  async function end(): Promise<void> {
    unsubscribe?.();
    await Promise.all([...workers.map((worker) => worker.stop()), notifier.stop()]);
    await Promise.all(sinks.map(async (sink) => sink.close?.()));
  }

  return {
    start(): void {
      unsubscribe ??= outbox.onAppend(() => {
        for (const worker of workers) worker.lookNow();
      });
      for (const worker of workers) worker.start();
      notifier.start();
    },
    notify: (notification) => notifier.notify(notification),
    stop: () => (stopped ??= end()),
    status: () => workers.map((worker) => worker.status()),
    notifications: () => notifier.status(),
  };
}
