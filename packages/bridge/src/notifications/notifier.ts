import type { Clock } from "../clock.ts";
import { backoffMs } from "../delivery/backoff.ts";
import { Worker, type SinkStatus } from "../delivery/worker.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Notification } from "./notification.ts";
import type { NotificationQueue } from "./queue.ts";

/** What became of notifications so far. */
export interface NotificationStatus {
  /** Taken and not kept yet: the store does not answer. */
  readonly waiting: number;
  /** Let go because too many waited, or because the bridge ended before the store answered. */
  readonly dropped: number;
  /** What each sink that tells notifications is at. */
  readonly sinks: readonly SinkStatus[];
}

/** What a notifier is made of. */
export interface NotifierOptions {
  readonly queue: NotificationQueue;
  readonly sinks: readonly Sink[];
  readonly owner: string;
  readonly clock: Clock;
  readonly random: () => number;
}

const mostWaiting = 1000;
/** Ids of late that are not kept a second time. */
const rememberedIds = 1000;

/** Keeps notifications in line and sends them to every sink that has a place for them. */
export class Notifier {
  private readonly options: NotifierOptions;
  private readonly workers: readonly Worker<{ readonly seq: number; readonly notification: Notification }>[];
  private readonly waiting: { readonly notification: Notification; readonly kept: () => void }[] = [];
  private readonly known = new Set<string>();
  private readonly abort = new AbortController();
  private started = false;
  private dropped = 0;
  private keeping: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    this.options = options;
    const { queue, owner, clock, random } = options;
    this.workers = options.sinks.flatMap((sink) => {
      const tell = sink.notify?.bind(sink);
      if (tell === undefined) return [];
      return new Worker({
        queue,
        sink: sink.name,
        batchSize: sink.batchSize,
        deliver: (entries, context) =>
          tell(
            entries.map(({ notification }) => notification),
            context,
          ),
        owner,
        clock,
        random,
      });
    });
  }

  /** Begins to send; where nothing can be waiting yet, with the first notification. */
  start(): void {
    this.started = true;
    if (this.options.queue.outlivesProcess || this.known.size > 0) this.startWorkers();
  }

  /** Takes a notification; resolves when it is kept, or let go. Never rejects: what watches must not harm what it watches. */
  notify(notification: Notification): Promise<void> {
    if (this.workers.length === 0 || this.known.has(notification.id)) return Promise.resolve();
    this.remember(notification.id);
    if (this.started) this.startWorkers();
    return new Promise((kept) => {
      this.waiting.push({ notification, kept });
      if (this.waiting.length > mostWaiting) this.drop();
      this.keeping ??= this.keep();
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.keeping;
    while (this.waiting.length > 0) this.drop();
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  status(): NotificationStatus {
    return {
      waiting: this.waiting.length,
      dropped: this.dropped + this.options.queue.dropped(),
      sinks: this.workers.map((worker) => worker.status()),
    };
  }

  /** Moves what waits into the line, in order, for as long as the store takes; after an abort once more, without waiting. */
  private async keep(): Promise<void> {
    const { queue, clock, random } = this.options;
    let failures = 0;
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      try {
        await queue.append(first.notification);
        if (this.waiting[0] === first) this.waiting.shift();
        first.kept();
        failures = 0;
        for (const worker of this.workers) worker.lookNow();
      } catch {
        failures += 1;
        if (this.abort.signal.aborted) break;
        await clock.sleep(backoffMs(failures, random()), this.abort.signal);
      }
    }
    this.keeping = undefined;
  }

  private startWorkers(): void {
    if (!this.abort.signal.aborted) for (const worker of this.workers) worker.start();
  }

  private drop(): void {
    const oldest = this.waiting.shift();
    if (oldest === undefined) return;
    this.dropped += 1;
    oldest.kept();
  }

  private remember(id: string): void {
    this.known.add(id);
    const oldest = this.known.values().next();
    if (this.known.size > rememberedIds && oldest.done !== true) this.known.delete(oldest.value);
  }
}
