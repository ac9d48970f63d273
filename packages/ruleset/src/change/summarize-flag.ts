import { readRendered } from "../rollout/rendered.ts";
import { originalOf } from "../rollout/twin.ts";
import type { FlagDefinition, JsonValue } from "../types.ts";
import type { FlagSummary } from "./flag-change.ts";
import { readPercentages } from "./percentages.ts";
import { listSegments, nameSegments, type SegmentNames } from "./segments.ts";

/**
 * Sums up what a flag does, without its values. Segments are named from `$ref`s as written; on a flag of a parsed ruleset, whose
 * references are replaced, pass the ruleset's evaluators.
 */
export function summarizeFlag(
  flag: FlagDefinition,
  evaluators?: ReadonlyMap<string, JsonValue>,
): FlagSummary {
  return summarize(flag, nameSegments(evaluators));
}

/** As `summarizeFlag`, over evaluators indexed once for many flags. */
export function summarize(flag: FlagDefinition, names: SegmentNames): FlagSummary {
  const percentages = readPercentages(flag.targeting);
  const segments = listSegments(flag.targeting, names);
  return {
    state: flag.state,
    defaultVariant: plainDefault(flag),
    ...(percentages === undefined ? {} : { percentages }),
    ...(segments.length === 0 ? {} : { segments }),
  };
}

/** The default variant; in a rollout the one whose twin stands there. */
function plainDefault({ defaultVariant, targeting, variants }: FlagDefinition): string | null {
  if (defaultVariant === undefined || defaultVariant === null || defaultVariant === "") return null;
  if (readRendered(targeting) === undefined) return defaultVariant;
  return originalOf(defaultVariant, variants) ?? defaultVariant;
}
