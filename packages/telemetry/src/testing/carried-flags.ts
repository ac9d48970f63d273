import { flagAttributePrefix } from "../naming/tag-naming.ts";

const sentryPrefix = "flag.evaluation.";
const packedName = "feature_flags";

/** Reads the flags off a span's or record's attributes, whichever of the presets `per-flag`, `packed` and `sentry` wrote them. */
export function carriedFlags(attributes: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    if (name === packedName && Array.isArray(value)) {
      for (const item of value) {
        const equals = String(item).indexOf("=");
        if (equals > 0) flags.set(String(item).slice(0, equals), String(item).slice(equals + 1));
      }
    } else if (name.startsWith(flagAttributePrefix))
      flags.set(name.slice(flagAttributePrefix.length), String(value));
    else if (name.startsWith(sentryPrefix)) flags.set(name.slice(sentryPrefix.length), String(value));
  }
  return flags;
}
