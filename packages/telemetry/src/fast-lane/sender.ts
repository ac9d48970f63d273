import { context, createContextKey, diag, ROOT_CONTEXT } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { Clock } from "../otel/clock.ts";
import type { FastLaneEvent, FastLaneSource } from "./otlp-json.ts";
import { encodeFastLane } from "./otlp-json.ts";
import { readRetryAfterMs } from "./retry-after.ts";

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
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  readonly headers?: { get(name: string): string | null };
  text?(): Promise<string>;
}>;

/** One OTLP/HTTP JSON request, to be POSTed. */
export interface FastLaneRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How the sender reaches its endpoint. */
export interface SenderOptions {
  /** Full URL of an OTLP/HTTP logs endpoint. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: FetchLike;
  /** Read at each request, since the SDK may learn its resource late. */
  readonly source: () => FastLaneSource;
  readonly drops: DropCounts;
  readonly clock: Clock;
}

/** The most events waiting; the newest are dropped above it, and counted. */
const maxQueued = 20_000;
/** The most events in one request. */
const maxBatch = 500;
/** How long one request may take. */
const requestTimeoutMs = 5_000;
/** After so many failures in a row the app's OpenTelemetry diagnostics are told, once. */
const failuresToTell = 10;
/** `fetch` refuses keepalive bodies above 64 KiB. */
const maxKeepaliveBytes = 60_000;

/** The key by which OpenTelemetry's instrumentations know that a request is the telemetry's own. */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

type Answer = "sent" | "later" | "too-large" | "refused";

/**
 * A bounded queue in front of an OTLP/HTTP JSON endpoint, apart from the app's log pipeline: that one drops exactly when
 * an error storm fills it. One request at a time. What a failed request held stays queued and is tried at the next
 * flush, however often, so nothing is lost before the queue is full; a receiver that asks for time (`Retry-After` of
 * 429 or 503) gets it. Only what the receiver calls malformed (400, 413 of a single event, partial success) is given up.
 */
export class FastLaneSender {
  readonly #options: SenderOptions;
  #queue: FastLaneEvent[] = [];
  #inFlight: Promise<boolean> | undefined;
  #batchSize = maxBatch;
  #failures = 0;
  #problem = "no answer";
  /** Monotonic milliseconds before which the receiver wants to hear nothing. */
  #silentUntilMs = Number.NEGATIVE_INFINITY;

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

  /**
   * Sends what waits, batch by batch, until the queue is empty or a request fails; nothing while the receiver has asked
   * for time. Never rejects.
   */
  async flush(): Promise<void> {
    while (this.#queue.length > 0) {
      if (this.#inFlight === undefined && this.#mustWait()) return;
      this.#inFlight ??= this.#sendBatch().finally(() => {
        this.#inFlight = undefined;
      });
      if (!(await this.#inFlight)) return;
    }
  }

  /** The end of the process: sends what waits, even if the receiver has asked for time, and gives up, counted, what is left. */
  async finish(): Promise<void> {
    await this.#inFlight;
    this.#silentUntilMs = Number.NEGATIVE_INFINITY;
    await this.flush();
    if (this.#queue.length > 0) this.#options.drops.count("outcome_send", this.#queue.length);
    this.#queue = [];
  }

  /** Takes up to one batch of what waits out of the queue, as a request for somebody else to send. */
  handOver(): FastLaneRequest | undefined {
    const batch = this.#queue.slice(0, this.#batchSize);
    if (batch.length === 0) return undefined;
    this.#queue = this.#queue.slice(batch.length);
    return this.#requestOf(batch);
  }

  #requestOf(batch: readonly FastLaneEvent[]): FastLaneRequest {
    const { url, headers, source } = this.#options;
    return {
      url,
      headers: { "content-type": "application/json", ...headers },
      body: encodeFastLane(batch, source()),
    };
  }

  #mustWait(): boolean {
    return this.#silentUntilMs > this.#now();
  }

  /** A clock that throws costs the waiting, not the sending. */
  #now(): number {
    try {
      return this.#options.clock.monotonicMs();
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  async #sendBatch(): Promise<boolean> {
    const batch = this.#queue.slice(0, this.#batchSize);
    const answer = await this.#post(batch);
    if (answer === "later") {
      this.#failed();
      return false;
    }
    this.#failures = 0;
    if (answer === "too-large" && batch.length > 1) {
      this.#batchSize = Math.ceil(batch.length / 2);
      return true;
    }
    if (answer !== "sent") this.#options.drops.count("outcome_rejected", batch.length);
    this.#queue = this.#queue.slice(batch.length);
    return true;
  }

  async #post(batch: readonly FastLaneEvent[]): Promise<Answer> {
    try {
      const { url, headers, body } = this.#requestOf(batch);
      const quiet = ROOT_CONTEXT.setValue(suppressTracing, true);
      const response = await context.with(quiet, () =>
        this.#options.fetch(url, {
          method: "POST",
          headers: { ...headers },
          body,
          keepalive: body.length <= maxKeepaliveBytes,
          signal: AbortSignal.timeout(requestTimeoutMs),
        }),
      );
      const { status } = response;
      if (status === 429 || status === 503) this.#giveTime(response.headers?.get("retry-after"));
      const text = (await response.text?.()) ?? "";
      if (response.ok) {
        const rejected = Math.min(readRejected(text), batch.length);
        if (rejected > 0) this.#options.drops.count("outcome_rejected", rejected);
        return "sent";
      }
      if (status === 413) return "too-large";
      this.#problem = `status ${status}`;
      // 4xx other than "later" will not get better by itself, except for a key that is rotated: those are tried again.
      return status === 400 ? "refused" : "later";
    } catch (error) {
      this.#problem = error instanceof Error ? error.name : "no answer";
      return "later";
    }
  }

  /** A receiver that is gone for good loses nothing until the queue is full, so somebody has to be told before. */
  #failed(): void {
    this.#failures += 1;
    if (this.#failures !== failuresToTell) return;
    const { url } = this.#options;
    diag.warn(
      `@flagspan/telemetry: ${failuresToTell} requests in a row to ${URL.canParse(url) ? new URL(url).origin : "the guard endpoint"} failed (${this.#problem}); ${this.#queue.length} outcomes and exposures wait. Is guardEndpoint right, and does its key have the scope "telemetry"?`,
    );
  }

  #giveTime(retryAfter: string | null | undefined): void {
    const { clock } = this.#options;
    const waitMs = readRetryAfterMs(retryAfter, clock.nowMs());
    if (waitMs !== undefined) this.#silentUntilMs = clock.monotonicMs() + waitMs;
  }
}

/** How many records a receiver that answered 200 has not taken (`ExportLogsServiceResponse.partial_success`). */
function readRejected(text: string): number {
  if (!text.includes("rejectedLogRecords")) return 0;
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedLogRecords?: unknown } | null };
    const rejected = Number(answer.partialSuccess?.rejectedLogRecords);
    return Number.isInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}
