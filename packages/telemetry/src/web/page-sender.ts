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
/** How often sending is tried in a row before what waits is given up. */
const maxAttempts = 10;
const flushIntervalMs = 1_000;

/** The key by which OpenTelemetry's instrumentations know that a request is the telemetry's own. */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * A small bounded queue in front of an OTLP/HTTP JSON endpoint, flushed a second after something began to wait. Each
 * flush is a request of its own that may outlive the page, so the last one does not wait for the one before.
 */
export class PageSender {
  readonly #options: PageSenderOptions;
  #queue: FastLaneEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;

  constructor(options: PageSenderOptions) {
    this.#options = options;
  }

  /** Queues an event, or drops and counts it when the queue is full. */
  add(event: FastLaneEvent): void {
    if (this.#queue.length < maxQueued) this.#queue.push(event);
    else this.#options.drops.count("outcome_queue");
    this.#timer ??= setTimeout(() => void this.flush(), flushIntervalMs);
  }

  /** Sends what waits. Never rejects; what could not be sent is tried again a second later. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    if (await this.#post(batch)) {
      this.#attempts = 0;
      return;
    }
    this.#attempts += 1;
    if (this.#attempts < maxAttempts) for (const event of batch) this.add(event);
    else this.#options.drops.count("outcome_send", batch.length);
  }

  /** Answers whether the batch is done with: taken, or refused for good. */
  async #post(batch: readonly FastLaneEvent[]): Promise<boolean> {
    const { url, headers, source } = this.#options;
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
      return response.ok || response.status === 400;
    } catch {
      return false;
    }
  }
}
