import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { ScopeTags } from "../naming/scope-tags.ts";
import type { FlagLogRecordProcessor, SdkLogRecord, SdkLogRecordState } from "../otel/sdk-shapes.ts";
import { explicitScope, liveSpanOf } from "../scope/active-scope.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { LiveSpans } from "../scope/live-spans.ts";
import { writeTags } from "./write-tags.ts";

/** What the log processor is made of. */
export interface LogProcessorParts {
  readonly spans: LiveSpans;
  readonly tags: ScopeTags;
  readonly drops: DropCounts;
  /** Hears of every record inside a scope: an exception in a log is evidence for the outcomes. */
  readonly logged: (scope: FlagScope, attributes: Readonly<Record<string, unknown>> | undefined) => void;
  /** Where neither a span nor `withFlagScope` says whose record it is: a page has one scope, a server none. */
  readonly fallback?: () => FlagScope | undefined;
  readonly forceFlush: () => Promise<void>;
  readonly shutdown: () => Promise<void>;
}

/**
 * Tags log records with the flags of the request they were written in. It changes the record, so it must be registered
 * before the processor that exports. Whether a record is wanted at all it leaves to the others.
 */
export class TaggingLogProcessor implements FlagLogRecordProcessor {
  readonly #parts: LogProcessorParts;

  constructor(parts: LogProcessorParts) {
    this.#parts = parts;
  }

  onEmit(record: SdkLogRecord, ctx?: Context): void {
    try {
      const state = record as SdkLogRecordState;
      const scope = this.#scopeOf(state, ctx ?? context.active());
      if (scope === undefined) return;
      this.#parts.logged(scope, state.attributes);
      const tags = this.#parts.tags.read(scope);
      if (tags.length === 0) return;
      const room = {
        attributes: state.attributes,
        count: state._attributesCount,
        limit: state._logRecordLimits?.attributeCountLimit,
      };
      writeTags(record, tags, room, this.#parts.drops);
    } catch {
      this.#parts.drops.count("processor_error");
    }
  }

  enabled(): boolean {
    return false;
  }

  forceFlush(): Promise<void> {
    return this.#parts.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#parts.shutdown();
  }

  #scopeOf(record: SdkLogRecordState, ctx: Context): FlagScope | undefined {
    const explicit = explicitScope(ctx);
    if (explicit !== undefined) return explicit;
    const { spanContext } = record;
    const live =
      liveSpanOf(this.#parts.spans, ctx) ??
      (spanContext === undefined ? undefined : this.#parts.spans.findByContext(spanContext));
    return live?.scope ?? this.#parts.fallback?.();
  }
}
