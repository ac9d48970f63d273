import type { FlagEntry } from "../scope/flag-entry.ts";

/** A value OpenTelemetry JS 2.x and 3.x both keep. */
export type TagValue = string | boolean | number | readonly string[];

/** One attribute to write on a span or log record. */
export type Tag = readonly [name: string, value: TagValue];

/** Turns a flag into an attribute, or into nothing. A throwing mapper costs its tag, nothing else. */
export type TagMapper = (flag: {
  readonly key: string;
  readonly variant: string;
  readonly reason: string;
}) => Tag | undefined;

/**
 * How flags are spelled on spans and logs: `per-flag` (default) writes `feature_flags.<key>` = variant, `packed` one
 * string array `feature_flags` of `key=variant`, `sentry` writes `flag.evaluation.<key>` for boolean flags, and a
 * function decides by itself.
 */
export type TagNaming = "per-flag" | "packed" | "sentry" | TagMapper;

/** The attribute of the `per-flag` preset, and the baggage key. */
export const flagAttributePrefix = "feature_flags.";

/** Spells entries as attributes. `onMapperError` hears of a custom mapper that threw. */
export function nameTags(
  naming: TagNaming,
  entries: readonly FlagEntry[],
  onMapperError: () => void,
): readonly Tag[] {
  if (entries.length === 0) return [];
  if (naming === "per-flag") return entries.map((entry) => [flagAttributePrefix + entry.key, entry.variant]);
  if (naming === "packed")
    return [["feature_flags", entries.map((entry) => `${entry.key}=${entry.variant}`)]];
  if (naming === "sentry") {
    return entries.flatMap((entry): readonly Tag[] =>
      entry.enabled === undefined ? [] : [[`flag.evaluation.${entry.key}`, entry.enabled]],
    );
  }
  return entries.flatMap((entry): readonly Tag[] => {
    const tag = callMapper(naming, entry, onMapperError);
    return tag === undefined ? [] : [tag];
  });
}

function callMapper(mapper: TagMapper, entry: FlagEntry, onError: () => void): Tag | undefined {
  try {
    const tag = mapper({ key: entry.key, variant: entry.variant, reason: entry.reason });
    if (tag === undefined) return undefined;
    const [name, value] = tag;
    return typeof name === "string" && name !== "" ? [name, value] : undefined;
  } catch {
    onError();
    return undefined;
  }
}
