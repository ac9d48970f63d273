import type { FlagScope } from "./flag-scope.ts";

/** What is remembered about a recording span while it is open. */
export interface LiveSpan {
  readonly scope: FlagScope;
  /** The open span above it in this process; undefined for a local root. */
  readonly parent: LiveSpan | undefined;
  /** The scope's order when the span started: `causal` binding gives it what was there by then. */
  readonly startOrder: number;
  /** The SDK's span object; let go when the span ends. */
  span: object | undefined;
  /** Keys of flags evaluated while this span was the active one; kept for `causal` binding only. */
  evaluated: Set<string> | undefined;
  /** How many of the span's events have been looked at for exceptions. */
  eventsSeen: number;
  /** The scope's order at the first failure seen in this span or below it; -1 if none. */
  failedAt: number;
}

/** How many spans that ended a moment ago are still found, for logs and child spans that come late. */
const endedKept = 256;

/**
 * Finds a span's scope by its id. Bounded twice: at most `maxLive` open spans (an app that never ends its spans evicts
 * its own oldest), and the last 256 ended ones.
 */
export class LiveSpans {
  readonly #byId = new Map<string, LiveSpan>();
  readonly #ended: (string | undefined)[] = Array.from({ length: endedKept });
  readonly #maxLive: number;
  readonly #onEvict: () => void;
  #endedNext = 0;

  constructor(maxLive: number, onEvict: () => void) {
    this.#maxLive = maxLive;
    this.#onEvict = onEvict;
  }

  /** How many spans are held, open or just ended. */
  get size(): number {
    return this.#byId.size;
  }

  /** The record of a span, by its id. */
  get(spanId: string): LiveSpan | undefined {
    return this.#byId.get(spanId);
  }

  /** Remembers a span that starts. */
  add(spanId: string, live: LiveSpan): void {
    if (this.#byId.size >= this.#maxLive + endedKept) {
      const oldest = this.#byId.keys().next();
      if (oldest.done !== true) this.#byId.delete(oldest.value);
      this.#onEvict();
    }
    this.#byId.set(spanId, live);
  }

  /** Lets a span that ended go, after 256 others have ended. */
  end(spanId: string, live: LiveSpan): void {
    live.span = undefined;
    const fallsOut = this.#ended[this.#endedNext];
    if (fallsOut !== undefined) this.#byId.delete(fallsOut);
    this.#ended[this.#endedNext] = spanId;
    this.#endedNext = (this.#endedNext + 1) % endedKept;
  }

  /** Forgets everything. */
  clear(): void {
    this.#byId.clear();
    this.#ended.fill(undefined);
  }
}
