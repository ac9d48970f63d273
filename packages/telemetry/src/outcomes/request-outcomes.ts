import type { SpanContext } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { Clock } from "../otel/clock.ts";
import type { SdkSpanState } from "../otel/sdk-shapes.ts";
import type { SpanEndListener } from "../processors/span-processor.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { LiveSpan } from "../scope/live-spans.ts";
import { noteSpanFailures, noteUncaught } from "./failure-order.ts";
import { errorTypeOf, isBadSpan } from "./is-bad.ts";
import type { EndedRoot } from "./is-bad.ts";
import type { OutcomeTracker } from "./outcome-tracker.ts";

/** What request outcomes are made of. */
export interface RequestOutcomeParts {
  readonly tracker: OutcomeTracker;
  readonly clock: Clock;
  readonly drops: DropCounts;
  readonly isBad: ((span: EndedRoot) => boolean) | undefined;
  /** Records `feature_flag.outcome.duration`. */
  readonly duration: (entry: FlagEntry, seconds: number, outcome: "ok" | "error") => void;
}

/** Judges each local root span when it ends, for every watched flag of its scope, from the flag's evaluation on. */
export class RequestOutcomes implements SpanEndListener {
  readonly #parts: RequestOutcomeParts;

  constructor(parts: RequestOutcomeParts) {
    this.#parts = parts;
  }

  spanEnded(live: LiveSpan, span: SdkSpanState & { spanContext(): SpanContext }): void {
    noteSpanFailures(live, span);
    if (live.parent !== undefined || live.scope.size === 0) return;
    const { scope } = live;
    let isBad: boolean | undefined;
    for (const entry of scope.entries()) {
      if (entry.watch === undefined && entry.claim === undefined) continue;
      isBad ??= this.#isBad(span);
      const failedAfter = isBad && isAfterExposure(scope, entry);
      const trace = span.spanContext();
      if (entry.watch !== undefined) {
        const elapsedMs = this.#parts.clock.monotonicMs() - entry.sinceMs;
        this.#parts.duration(entry, elapsedMs / 1000, failedAfter ? "error" : "ok");
        this.#parts.tracker.took(entry, elapsedMs, trace);
      }
      if (failedAfter) this.#parts.tracker.failed(entry, errorTypeOf(span, scope.failures?.type), trace);
    }
  }

  /** An exception that nobody caught: bad at once, since the process may not live to end its spans. */
  uncaught(scope: FlagScope, errorType: string, trace: { traceId?: string; spanId?: string }): void {
    noteUncaught(scope, errorType);
    for (const entry of scope.entries()) this.#parts.tracker.failed(entry, errorType, trace);
  }

  #isBad(span: EndedRoot): boolean {
    if (this.#parts.isBad !== undefined) {
      try {
        return this.#parts.isBad(span);
      } catch {
        this.#parts.drops.count("mapper_error");
      }
    }
    return isBadSpan(span);
  }
}

/**
 * Whether the request's failure came after the flag: a flag that is read only while an error is being handled did not
 * cause it. Without any recorded failure the bad response itself is the failure, and it follows everything.
 */
function isAfterExposure(scope: FlagScope, entry: FlagEntry): boolean {
  const failures = scope.failures;
  return failures === undefined || failures.lastOrder < 0 || entry.order <= failures.lastOrder;
}
