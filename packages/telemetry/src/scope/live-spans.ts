import type { SpanContext } from "@opentelemetry/api";

import type { FlagScope } from "./flag-scope.ts";

/** What is remembered about a recording span while it is open. */
export interface LiveSpan {
  readonly scope: FlagScope;
  /** The span above it in this process and scope; undefined for a local root. */
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

/** How many local roots that ended a moment ago are still found by trace id, for records that come late. */
const endedKept = 256;

interface SpanLike {
  spanContext(): SpanContext;
}

/**
 * Finds what is remembered about a span. It hangs on the span object itself, under a symbol: no map to fill and empty for
 * each span, and a span that never ends keeps nothing alive but itself. A context that carries only a span's ids (a
 * bridge, a child that is not recorded) is answered by its trace, as long as the process has one local root in it;
 * with two, nothing is guessed. Those roots are bounded: `maxLive` open ones, and the last 256 ended.
 */
export class LiveSpans {
  readonly #key = Symbol("flagspan.telemetry.live");
  /** Local roots by trace id; undefined where a trace has several. */
  readonly #roots = new Map<string, LiveSpan | undefined>();
  readonly #ended: (string | undefined)[] = Array.from({ length: endedKept });
  readonly #maxLive: number;
  readonly #onEvict: () => void;
  #endedNext = 0;

  constructor(maxLive: number, onEvict: () => void) {
    this.#maxLive = maxLive;
    this.#onEvict = onEvict;
  }

  /** The record of a span object that `add` has seen. */
  of(span: object): LiveSpan | undefined {
    return (span as { readonly [key: symbol]: LiveSpan | undefined })[this.#key];
  }

  /**
   * The record of a span of this process, by its object, else by its trace. A remote parent has none, even when the
   * caller is this very process (a service that calls itself): what it knows comes in baggage, if that is trusted.
   */
  find(span: SpanLike): LiveSpan | undefined {
    return this.of(span) ?? this.findByContext(span.spanContext());
  }

  /** The record of the one local root of a trace. */
  findByContext(spanContext: SpanContext): LiveSpan | undefined {
    return spanContext.isRemote === true ? undefined : this.#roots.get(spanContext.traceId);
  }

  /** Remembers a span that starts. */
  add(span: SpanLike, live: LiveSpan): void {
    (span as unknown as { [key: symbol]: LiveSpan })[this.#key] = live;
    if (live.parent !== undefined) return;
    const { traceId } = span.spanContext();
    if (this.#roots.has(traceId)) {
      this.#roots.set(traceId, undefined);
      return;
    }
    if (this.#roots.size >= this.#maxLive + endedKept) {
      const oldest = this.#roots.keys().next();
      if (oldest.done !== true) this.#roots.delete(oldest.value);
      this.#onEvict();
    }
    this.#roots.set(traceId, live);
  }

  /** Lets a span that ended go; a root's trace is forgotten after 256 other roots have ended. */
  end(span: SpanLike, live: LiveSpan): void {
    live.span = undefined;
    if (live.parent !== undefined) return;
    const fallsOut = this.#ended[this.#endedNext];
    if (fallsOut !== undefined) this.#roots.delete(fallsOut);
    this.#ended[this.#endedNext] = span.spanContext().traceId;
    this.#endedNext = (this.#endedNext + 1) % endedKept;
  }

  /** Forgets all traces. */
  clear(): void {
    this.#roots.clear();
    this.#ended.fill(undefined);
  }
}
