import { activeFlagEntries } from "../scope/active-scope.ts";
import { nameTags } from "../naming/tag-naming.ts";
import type { TagNaming, TagValue } from "../naming/tag-naming.ts";
import { selectEntries } from "../naming/select-entries.ts";

/** How logger fields are spelled. */
export interface LoggerFieldOptions {
  /** Default `per-flag`, so that logs and spans carry the same names. */
  readonly naming?: TagNaming;
  /** Default 32. */
  readonly maxFlags?: number;
}

/** The active request's flags as log fields; empty outside of any scope. Never throws. */
export function flagFields(options: LoggerFieldOptions = {}): Record<string, TagValue> {
  const entries = selectEntries(activeFlagEntries(), options.maxFlags ?? 32);
  return Object.fromEntries(nameTags(options.naming ?? "per-flag", entries, () => undefined));
}

/** Makes pino's `mixin`: every line gets the flags of the request it was written in. */
export function pinoFlagMixin(options: LoggerFieldOptions = {}): () => Record<string, TagValue> {
  return () => flagFields(options);
}
