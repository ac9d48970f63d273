import { activeFlagEntries } from "../scope/active-scope.ts";

/** The part of a Sentry event that is written. */
export interface SentryEventLike {
  contexts?: Record<string, Record<string, unknown> | undefined>;
}

/** The most flags Sentry keeps on an event. */
const maxFlags = 100;

/**
 * Makes an event processor for `Sentry.addEventProcessor`, in Node and browsers: error events get the boolean flags of
 * the active request (of the page, in a browser) as `contexts.flags.values`, which is what Sentry's own flag features
 * read. Sentry knows only booleans, so other flags are left out; what the event has already stays. Never throws.
 */
export function sentryFlagProcessor(): <Event extends SentryEventLike>(event: Event) => Event {
  return (event) => {
    try {
      addFlags(event);
    } catch {
      return event; // a frozen event is reported without its flags
    }
    return event;
  };
}

function addFlags(event: SentryEventLike): void {
  const present = event.contexts?.["flags"]?.["values"];
  const known: readonly unknown[] = Array.isArray(present) ? present : [];
  const names = new Set(known.map((item) => (item as { flag?: unknown } | null)?.flag));
  const added = activeFlagEntries().flatMap(({ key, enabled }) =>
    enabled === undefined || names.has(key) ? [] : [{ flag: key, result: enabled }],
  );
  if (added.length === 0) return;
  event.contexts = { ...event.contexts, flags: { values: [...known, ...added].slice(0, maxFlags) } };
}
