import { context } from "@opentelemetry/api";
import type { Context, SpanContext } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import type { ScopeTags } from "../naming/scope-tags.ts";
import type { Tag } from "../naming/tag-naming.ts";
import type { FlagSpanProcessor, SdkSpan, SdkSpanState } from "../otel/sdk-shapes.ts";
import { explicitScope, liveSpanOf } from "../scope/active-scope.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import { FlagScope } from "../scope/flag-scope.ts";
import type { LiveSpan, LiveSpans } from "../scope/live-spans.ts";
import type { BulkWriter } from "./bulk-writer.ts";
import { defaultAttributeLimit } from "./write-tags.ts";

/** Which spans a flag tags: every span still open and all later ones, or only what could have been caused by it. */
export type Binding = "late" | "causal";

/** Hears of spans as they end: the outcomes listen here. */
export interface SpanEndListener {
  /** Any span of a scope has ended; `live.parent === undefined` marks the scope's root. */
  spanEnded(live: LiveSpan, span: SdkSpanState & { spanContext(): SpanContext }): void;
}

/** What the span processor is made of. */
export interface SpanProcessorParts {
  readonly spans: LiveSpans;
  readonly tags: ScopeTags;
  readonly writer: BulkWriter;
  readonly names: AttributeNames;
  readonly drops: DropCounts;
  readonly binding: Binding;
  readonly listener: SpanEndListener;
  /** Flags the caller sent in baggage that is trusted; asked once per local root. */
  readonly incoming: (parentContext: Context) => readonly FlagEntry[];
  readonly forceFlush: () => Promise<void>;
  readonly shutdown: () => Promise<void>;
}

/** In a fallback SDK tags are written early; this share of the limit at most, the rest is left to the app. */
const earlyShare = 4;

/**
 * Gives each local root a scope and every recording span its tags.
 *
 * Tags are written in `onEnding`, the last moment a span takes attributes: parents that were open when the flag was
 * evaluated get them, and the app's own attributes came first. An SDK that never calls `onEnding` (it is marked
 * experimental) is noticed by its shape, or at the first `onEnd` without it; then tags are written at the start and at
 * the evaluation instead.
 */
export class TaggingSpanProcessor implements FlagSpanProcessor {
  readonly #parts: SpanProcessorParts;
  #ending: "expected" | "seen" | "absent" = "expected";

  constructor(parts: SpanProcessorParts) {
    this.#parts = parts;
  }

  onStart(span: SdkSpan, parentContext: Context): void {
    try {
      this.#start(span, parentContext);
    } catch {
      this.#parts.drops.count("processor_error");
    }
  }

  onEnding(span: SdkSpan): void {
    try {
      this.#ending = "seen";
      const live = this.#parts.spans.of(span);
      if (live !== undefined && live.scope.size > 0) this.#write(span, live);
    } catch {
      this.#parts.drops.count("processor_error");
    }
  }

  onEnd(span: { spanContext(): SpanContext }): void {
    try {
      if (this.#ending === "expected") this.#ending = "absent";
      const live = this.#parts.spans.of(span);
      if (live === undefined || live.span === undefined) return;
      this.#parts.spans.end(span, live);
      this.#parts.listener.spanEnded(live, span);
    } catch {
      this.#parts.drops.count("processor_error");
    }
  }

  forceFlush(): Promise<void> {
    return this.#parts.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#parts.shutdown();
  }

  /** Called by the hook after each change of a scope. */
  evaluated(key: string): void {
    const live = liveSpanOf(this.#parts.spans, context.active());
    if (live === undefined) return;
    if (this.#parts.binding === "causal") (live.evaluated ??= new Set<string>()).add(key);
    if (this.#ending !== "absent") return;
    for (let open: LiveSpan | undefined = live; open !== undefined; open = open.parent) {
      if (open.span !== undefined) this.#writeEarly(open.span as SdkSpan, open, this.#tagsAtEnd(open));
      if (this.#parts.binding === "causal") return;
    }
  }

  #start(span: SdkSpan, parentContext: Context): void {
    const { spans } = this.#parts;
    const above = liveSpanOf(spans, parentContext);
    const scope = explicitScope(parentContext) ?? above?.scope ?? new FlagScope();
    const parent = above?.scope === scope ? above : undefined;
    if (parent === undefined) {
      for (const entry of this.#parts.incoming(parentContext)) scope.record(entry);
    }
    const live: LiveSpan = {
      scope,
      parent,
      startOrder: scope.order,
      span,
      evaluated: undefined,
      eventsSeen: 0,
      failedAt: -1,
    };
    spans.add(span, live);
    if (this.#ending === "expected" && hasNoEnding(span)) this.#ending = "absent";
    if (this.#ending === "absent" && scope.size > 0) this.#writeEarly(span, live, this.#tagsAtEnd(live));
  }

  #tagsAtEnd(live: LiveSpan): readonly Tag[] {
    return this.#parts.binding === "late"
      ? this.#parts.tags.read(live.scope)
      : this.#parts.tags.readCausal(live.scope, live.startOrder, live.evaluated);
  }

  #write(span: SdkSpan, live: LiveSpan): void {
    const { binding, tags, writer } = this.#parts;
    const { scope } = live;
    if (binding === "late") writer.writeScope(span, tags.render(scope));
    else writer.write(span, tags.readCausal(scope, live.startOrder, live.evaluated));
    if (live.parent === undefined) writer.write(span, this.#rulesetTags(scope));
  }

  /** Overwrites by name, since an earlier value can only be ours, and stays within a quarter of the limit. */
  #writeEarly(span: SdkSpan, live: LiveSpan, tags: readonly Tag[]): void {
    const limit = (span as SdkSpanState)._spanLimits?.attributeCountLimit;
    const most = Math.floor((typeof limit === "number" ? limit : defaultAttributeLimit) / earlyShare);
    if (tags.length > most) this.#parts.drops.count("attribute_limit", tags.length - most);
    const root = live.parent === undefined ? this.#rulesetTags(live.scope) : [];
    for (const [name, value] of [...tags.slice(0, most), ...root]) span.setAttribute(name, value as string);
  }

  /** The ruleset in force, for the local root: of the first flag that names its set or version. */
  #rulesetTags(scope: FlagScope): readonly Tag[] {
    for (const entry of scope.entries()) {
      if (entry.setId === undefined && entry.version === undefined) continue;
      const tags: Tag[] = [];
      if (entry.setId !== undefined) tags.push([this.#parts.names.setId, entry.setId]);
      if (entry.version !== undefined) tags.push([this.#parts.names.version, entry.version]);
      return tags;
    }
    return [];
  }
}

/** An SDK span hands its end to `_spanProcessor`; where that object exists and has no `onEnding`, nobody will call ours. */
function hasNoEnding(span: SdkSpan): boolean {
  const inner = (span as SdkSpanState)._spanProcessor;
  return inner !== undefined && typeof inner.onEnding !== "function";
}
