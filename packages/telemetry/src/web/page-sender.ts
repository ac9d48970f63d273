import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";

import { encodeFastLane } from "../fast-lane/otlp-json.ts";
import type { FastLaneEvent, FastLaneSource } from "../fast-lane/otlp-json.ts";
import type { FetchLike } from "../fast-lane/sender.ts";
import type { DropCounts } from "../health/drop-counts.ts";

/** How the page reaches its endpoint. */
export interface PageSenderOptions {
  /** Full URL of an OTLP/HTTP logs endpoint. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: FetchLike;
  readonly source: () => FastLaneSource;
  readonly drops: DropCounts;
}

/** The most events waiting. With it one request stays below the 64 KiB that a browser lets outlive its page. */
const maxQueued = 60;
const flushIntervalMs = 1_000;
/** The longest time between two tries, while the endpoint fails or asks for time. */
const maxIntervalMs = 60_000;

/** The key by which OpenTelemetry's instrumentations know that a request is the telemetry's own. */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * A small bounded queue in front of an OTLP/HTTP JSON endpoint, flushed a second after something began to wait; later
 * while sending fails (twice the time after each failure, or the seconds `Retry-After` asks for), so nothing is lost before the
 * queue is full. Each flush is a request of its own that may outlive the page, so the last one waits for nothing.
 */
export class PageSender {
  readonly #options: PageSenderOptions;
  #queue: FastLaneEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #intervalMs = flushIntervalMs;
  #isOver = false;

  constructor(options: PageSenderOptions) {
    this.#options = options;
  }

  /** Queues an event, or drops and counts it when the queue is full. */
  add(event: FastLaneEvent): void {
    if (this.#queue.length < maxQueued) this.#queue.push(event);
    else this.#options.drops.count("outcome_queue");
    this.#timer ??= setTimeout(() => void this.flush(), this.#intervalMs);
  }

  /** Sends what waits. Never rejects; what could not be sent is queued again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    const waitMs = await this.#post(batch);
    this.#intervalMs = Math.min(Math.max(waitMs ?? 0, flushIntervalMs), maxIntervalMs);
    if (waitMs === undefined) return;
    if (this.#isOver) this.#options.drops.count("outcome_send", batch.length);
    else for (const event of batch) this.add(event);
  }

  /** Sends what waits, for the last time: what is not taken now is given up, and counted. */
  finish(): Promise<void> {
    this.#isOver = true;
    return this.flush();
  }

  /** Answers nothing when the batch is done with (taken, or refused for good), else when to try again. */
  async #post(batch: readonly FastLaneEvent[]): Promise<number | undefined> {
    const { url, headers, source } = this.#options;
    let waitMs = this.#intervalMs * 2;
    try {
      const response = await context.with(ROOT_CONTEXT.setValue(suppressTracing, true), () =>
        this.#options.fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: encodeFastLane(batch, source()),
          keepalive: true,
          signal: AbortSignal.timeout(5_000),
        }),
      );
      if (response.ok || response.status === 400) return undefined;
      // In seconds, as control writes it; a date, like no header at all, leaves it at the time above.
      waitMs = Number(response.headers?.get("retry-after")) * 1_000 || waitMs;
      return waitMs;
    } catch {
      return waitMs;
    }
  }
}
