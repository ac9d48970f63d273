import { systemClock, type Clock } from "./clock.ts";
import { Worker, type SinkStatus } from "./delivery/worker.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { Sink } from "./sinks/sink.ts";

/** What a bridge is made of. */
export interface BridgeOptions {
  readonly outbox: Outbox;
  /** Where changes go; names must differ. */
  readonly sinks: readonly Sink[];
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
  /** Ends after the requests under way; calling it twice does no harm. */
  stop(): Promise<void>;
  /** What each sink is at, in the order they were given. */
  status(): readonly SinkStatus[];
}

/**
 * Creates a bridge. Each sink has its own cursor and its own pace, so that one that is down holds up no other. Throws where two
 * sinks have one name, since they would share a cursor.
 */
export function createBridge(options: BridgeOptions): Bridge {
  const { outbox, sinks, clock = systemClock, random = Math.random } = options;
  const owner = options.owner ?? globalThis.crypto.randomUUID();
  const names = new Set<string>();
  for (const sink of sinks) {
    if (names.has(sink.name))
      throw new Error(`two sinks are named "${sink.name}"; give one of them another \`name\`.`);
    names.add(sink.name);
  }
  const workers = sinks.map((sink) => new Worker({ outbox, sink, owner, clock, random }));
  let unsubscribe: (() => void) | undefined;
  return {
    start(): void {
      unsubscribe ??= outbox.onAppend(() => {
        for (const worker of workers) worker.notify();
      });
      for (const worker of workers) worker.start();
    },
    async stop(): Promise<void> {
      unsubscribe?.();
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    status: () => workers.map((worker) => worker.status()),
  };
}
