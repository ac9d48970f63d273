import { context, createContextKey, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { FlagEntry } from "./flag-entry.ts";
import { FlagScope } from "./flag-scope.ts";
import type { LiveSpan, LiveSpans } from "./live-spans.ts";

/** `createContextKey` answers the same symbol for the same text, so two copies of this package share a scope. */
const scopeKey = createContextKey("flagspan.telemetry.scope");

/** Finds the flags that belong to a context; one per `createFlagTelemetry`, and one per page in a browser. */
export type ScopeFinder = (ctx: Context) => Pick<FlagScope, "entries"> | undefined;

/** The scope opened by `withFlagScope`, if the context is inside one. */
export function explicitScope(ctx: Context): FlagScope | undefined {
  return ctx.getValue(scopeKey) as FlagScope | undefined;
}

/** The record of a context's active span, if it is known. */
export function liveSpanOf(spans: LiveSpans, ctx: Context): LiveSpan | undefined {
  const span = trace.getSpan(ctx);
  return span === undefined ? undefined : spans.find(span);
}

/** The scope a context belongs to: an explicit one, else the one of its active span. */
export function scopeOf(spans: LiveSpans, ctx: Context): FlagScope | undefined {
  return explicitScope(ctx) ?? liveSpanOf(spans, ctx)?.scope;
}

/**
 * Runs `fn` with a scope of its own and returns its result. For work without a span (a queue worker without tracing, a
 * cron job) and for batches where each item is another user: flags evaluated inside tag the spans and logs inside,
 * and nothing outside. Carried across `await` by the app's OpenTelemetry context manager; without one, only
 * synchronous code is inside.
 */
export function withFlagScope<Result>(fn: () => Result): Result {
  return context.with(context.active().setValue(scopeKey, new FlagScope()), fn);
}

/** Shared by every copy of this package in the process: the preload's and the app's. */
const findersKey = Symbol.for("flagspan.telemetry.finders.1");
type WithFinders = { [findersKey]?: ScopeFinder[] };

function finders(): ScopeFinder[] {
  const holder = globalThis as WithFinders;
  return (holder[findersKey] ??= []);
}

/** Makes a finder answer `activeFlags()`; the newest is asked first. Returns how to undo it. */
export function registerScopeFinder(finder: ScopeFinder): () => void {
  finders().unshift(finder);
  return () => {
    const index = finders().indexOf(finder);
    if (index >= 0) finders().splice(index, 1);
  };
}

/** The flags evaluated so far in the active request, as entries; empty outside of any scope. Never throws. */
export function activeFlagEntries(): readonly FlagEntry[] {
  try {
    const ctx = context.active();
    const explicit = explicitScope(ctx);
    if (explicit !== undefined) return [...explicit.entries()];
    for (const find of finders()) {
      const scope = find(ctx);
      if (scope !== undefined) return [...scope.entries()];
    }
  } catch {
    return [];
  }
  return [];
}

/**
 * The flags evaluated so far in the active request: key → variant. For loggers and error trackers that do not pass
 * through the OpenTelemetry SDK. Empty outside of any scope; never throws.
 */
export function activeFlags(): Readonly<Record<string, string>> {
  return Object.fromEntries(activeFlagEntries().map((entry) => [entry.key, entry.variant]));
}
