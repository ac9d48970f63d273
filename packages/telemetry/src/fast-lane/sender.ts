import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { FastLaneEvent, FastLaneSource } from "./otlp-json.ts";
import { encodeFastLane } from "./otlp-json.ts";

/** The part of `fetch` that is used; any implementation of the standard fits. */
export type FetchLike = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body: string;
    keepalive: boolean;
    signal: AbortSignal;
  },
) => Promise<{ readonly ok: boolean; readonly status: number; arrayBuffer?(): Promise<unknown> }>;

/** How the sender reaches its endpoint. */
export interface SenderOptions {
  /** Full URL of an OTLP/HTTP logs endpoint. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: FetchLike;
  /** Read at each request, since the SDK may learn its resource late. */
  readonly source: () => FastLaneSource;
  readonly drops: DropCounts;
}

/** The most events waiting; the newest are dropped above it, and counted. */
const maxQueued = 20_000;
/** The most events in one request. */
const maxBatch = 500;
/** How often one batch is tried, a second apart, before it is given up. */
const maxAttempts = 10;
/** How long one request may take. */
const requestTimeoutMs = 5_000;
/** `fetch` refuses keepalive bodies above 64 KiB. */
const maxKeepaliveBytes = 60_000;

/** The key by which OpenTelemetry's instrumentations know that a request is the telemetry's own. */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * A bounded queue in front of an OTLP/HTTP JSON endpoint, apart from the app's log pipeline: that one drops exactly when
 * an error storm fills it. One request at a time; a failed one is kept and tried again at the next flush.
 */
export class FastLaneSender {
  readonly #options: SenderOptions;
  #queue: FastLaneEvent[] = [];
  #inFlight: Promise<boolean> | undefined;
  #attempts = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** How many events wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Queues an event, or drops and counts it when the queue is full. */
  add(event: FastLaneEvent): void {
    if (this.#queue.length >= maxQueued) {
      this.#options.drops.count("outcome_queue");
      return;
    }
    this.#queue.push(event);
  }

  /** Sends what waits, batch by batch, until the queue is empty or a request fails. Never rejects. */
  async flush(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#inFlight ??= this.#sendBatch().finally(() => {
        this.#inFlight = undefined;
      });
      if (!(await this.#inFlight)) return;
    }
  }

  /** Gives up what still waits, and counts it; for the end of the process, after a last flush. */
  abandon(): void {
    if (this.#queue.length > 0) this.#options.drops.count("outcome_send", this.#queue.length);
    this.#queue = [];
  }

  async #sendBatch(): Promise<boolean> {
    const batch = this.#queue.slice(0, maxBatch);
    const answer = await this.#post(batch);
    if (answer === "retry") {
      this.#attempts += 1;
      if (this.#attempts < maxAttempts) return false;
    }
    if (answer !== "sent") this.#options.drops.count("outcome_send", batch.length);
    this.#attempts = 0;
    this.#queue = this.#queue.slice(batch.length);
    return answer === "sent";
  }

  async #post(batch: readonly FastLaneEvent[]): Promise<"sent" | "retry" | "refused"> {
    try {
      const body = encodeFastLane(batch, this.#options.source());
      const quiet = ROOT_CONTEXT.setValue(suppressTracing, true);
      const response = await context.with(quiet, () =>
        this.#options.fetch(this.#options.url, {
          method: "POST",
          headers: { "content-type": "application/json", ...this.#options.headers },
          body,
          keepalive: body.length <= maxKeepaliveBytes,
          signal: AbortSignal.timeout(requestTimeoutMs),
        }),
      );
      await response.arrayBuffer?.();
      if (response.ok) return "sent";
      // 4xx other than "later" will not get better by itself, except for a key that is rotated: those are tried again.
      return response.status === 400 || response.status === 413 ? "refused" : "retry";
    } catch {
      return "retry";
    }
  }
}
