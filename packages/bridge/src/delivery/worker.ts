//                      ┌────────────── lease lost ◄──────────────┐
//                      ▼                                         │
//   stopped ──► waiting for the lease ──► reading ──► delivering ┴─► reading …
//                                          │   ▲          │  ▲
//                                     empty▼   │append    ▼  │after a backoff
//                                          idle        retrying
//
// Invariants (SPEC.md beside this file): the cursor moves only over finished entries; a finished entry was delivered or is a dead
// letter; entries of one flag are finished in order.
import type { Clock } from "../clock.ts";
import type { DeliveryContext, Outcome } from "../sinks/sink.ts";
import { backoffMs } from "./backoff.ts";
import { Lease, renewEveryMs } from "./lease.ts";
import type { Queue, Queued } from "./queue.ts";

/** What a sink is at, for a status page. */
export interface SinkStatus {
  readonly name: string;
  /** Whether this process is the one that sends for the sink. */
  readonly leading: boolean;
  /** The last `seq` this process has seen finished. */
  readonly cursor: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly retries: number;
  /** The reason of the last retry or dead letter; gone after the next delivery. */
  readonly lastProblem?: string;
}

/** What a worker is made of. */
export interface WorkerOptions<Entry extends Queued> {
  readonly queue: Queue<Entry>;
  /** The sink's name: cursor and lease are kept under it. */
  readonly sink: string;
  /** Most entries that one delivery takes. */
  readonly batchSize: number;
  /** Sends entries, oldest first; one outcome for each, in the same order. */
  readonly deliver: (entries: readonly Entry[], context: DeliveryContext) => Promise<readonly Outcome[]>;
  /** The order in which entries that wait together are sent; as they were appended by default. */
  readonly arrange?: (entries: readonly Entry[]) => readonly Entry[];
  readonly owner: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** How often an idle worker looks by itself: appends of other processes are not announced. */
const idlePollMs = 1000;

/** Sends a queue to one sink, for as long as it runs. */
export class Worker<Entry extends Queued> {
  private readonly options: WorkerOptions<Entry>;
  private readonly lease: Lease;
  private readonly abort = new AbortController();
  private wake: AbortController = new AbortController();
  private running: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private state: { -readonly [K in keyof SinkStatus]: SinkStatus[K] };

  constructor(options: WorkerOptions<Entry>) {
    this.options = options;
    const { queue, sink, owner, clock } = options;
    this.lease = new Lease({ acquire: (ttlMs) => queue.acquireLease(sink, owner, ttlMs), clock });
    this.state = {
      name: sink,
      leading: false,
      cursor: 0,
      delivered: 0,
      deadLettered: 0,
      retries: 0,
    };
  }

  /** Begins to send; a second call changes nothing. */
  start(): void {
    this.running ??= this.run();
  }

  /** Ends after the request under way; what was not finished is sent again by the next start. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  /** Looks at the queue now rather than at the next poll. */
  lookNow(): void {
    this.wake.abort();
  }

  /** A copy of what this worker is at. */
  status(): SinkStatus {
    return { ...this.state, leading: this.lease.held };
  }

  private async end(): Promise<void> {
    this.abort.abort();
    this.wake.abort();
    await this.running;
    try {
      await this.lease.handOver();
    } catch (error) {
      // The lease ends by itself a little later.
      this.problem(`the lease was not handed over: ${messageOf(error)}`);
    }
  }

  private async run(): Promise<void> {
    const { queue, sink, batchSize } = this.options;
    let failures = 0;
    while (!this.abort.signal.aborted) {
      try {
        if (!(await this.lease.hold())) {
          await this.pause(renewEveryMs);
          continue;
        }
        this.wake = new AbortController();
        const cursor = await queue.cursor(sink);
        this.state = { ...this.state, cursor };
        const entries = await queue.readAfter(cursor, batchSize);
        if (entries.length === 0) await this.idle();
        else await this.deliver(entries);
        failures = 0;
      } catch (error) {
        // The queue itself failed (disk full, connection lost): nothing was finished, so nothing is lost by starting over.
        failures += 1;
        this.problem(`the outbox failed: ${messageOf(error)}`);
        await this.pause(backoffMs(failures, this.options.random()));
      }
    }
  }

  private async deliver(entries: readonly Entry[]): Promise<void> {
    const { sink, clock, random, queue } = this.options;
    const unfinished = new Set(entries.map((entry) => entry.seq));
    const groups: (readonly Entry[])[] = [this.options.arrange?.(entries) ?? entries];
    let attempt = 0;
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      if (!(await this.lease.hold())) return;
      const outcomes = await this.attempt(group);
      const again: Entry[] = [];
      const alone: Entry[] = [];
      let askedMs = 0;
      let delivered = 0;
      for (const [index, entry] of group.entries()) {
        const outcome = outcomes[index] ?? { kind: "retry", reason: "the sink gave no answer for it" };
        if (outcome.kind === "delivered") {
          delivered += 1;
          unfinished.delete(entry.seq);
        } else if (outcome.kind === "retry") {
          again.push(entry);
          askedMs = Math.max(askedMs, outcome.afterMs ?? 0);
          this.problem(outcome.reason);
        } else if (outcome.together && group.length > 1) {
          alone.push(entry);
          this.problem(outcome.reason);
        } else {
          await queue.deadLetter(sink, entry, outcome.reason);
          unfinished.delete(entry.seq);
          this.state = { ...this.state, deadLettered: this.state.deadLettered + 1 };
          this.problem(outcome.reason);
        }
      }
      this.state = { ...this.state, delivered: this.state.delivered + delivered };
      if (delivered === group.length) delete this.state.lastProblem;
      await this.advance(entries, unfinished);
      groups.unshift(...(again.length > 0 ? [again] : []), ...alone.map((entry) => [entry]));
      if (again.length === 0) {
        attempt = 0;
      } else {
        attempt = delivered > 0 ? 1 : attempt + 1;
        this.state = { ...this.state, retries: this.state.retries + 1 };
        const againAtMs = clock.now() + backoffMs(attempt, random(), askedMs);
        if (!(await this.lease.holdUntil(againAtMs, this.abort.signal))) return;
      }
      if (this.abort.signal.aborted) return;
    }
  }

  private async attempt(group: readonly Entry[]): Promise<readonly Outcome[]> {
    const { deliver, clock } = this.options;
    try {
      return await deliver(group, { nowMs: clock.now(), signal: this.abort.signal });
    } catch (error) {
      return group.map(() => ({ kind: "retry", reason: messageOf(error) }));
    }
  }

  /** Moves the cursor to the last entry before the first unfinished one. */
  private async advance(entries: readonly Entry[], unfinished: ReadonlySet<number>): Promise<void> {
    const firstOpen = entries.findIndex((entry) => unfinished.has(entry.seq));
    const last = firstOpen === -1 ? entries.at(-1) : entries[firstOpen - 1];
    if (last === undefined || last.seq <= this.state.cursor) return;
    await this.options.queue.advance(this.options.sink, last.seq);
    this.state = { ...this.state, cursor: last.seq };
  }

  private async idle(): Promise<void> {
    // Stopped while it was reading: that woke a sleep before this one.
    if (this.abort.signal.aborted) return;
    await this.options.clock.sleep(idlePollMs, this.wake.signal);
  }

  private async pause(durationMs: number): Promise<void> {
    await this.options.clock.sleep(durationMs, this.abort.signal);
  }

  private problem(reason: string): void {
    this.state = { ...this.state, lastProblem: reason };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
