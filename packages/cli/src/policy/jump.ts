import type { FlagDefinition } from "@flagspan/ruleset";
import { summarizeFlag } from "@flagspan/ruleset/change";
import { renderKill } from "@flagspan/ruleset/rollout";

/** The share of a variant that grows most. */
export interface Jump {
  readonly variant: string;
  /** In percent. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

/**
 * The greatest growth of a variant's share among those whom no earlier rule decides. A flag without percentages gives all to its
 * default. Growth of the variant that a kill would give is going back, which is never too fast.
 */
export function findJump(before: FlagDefinition, after: FlagDefinition): Jump | undefined {
  const from = sharesOf(before);
  const to = sharesOf(after);
  const kill = renderKill(after);
  const safe = kill.ok ? kill.variant : undefined;
  let greatest: Jump | undefined;
  for (const [variant, share] of to) {
    if (variant === safe) continue;
    const points = Math.round((share - (from.get(variant) ?? 0)) * 1000) / 1000;
    if (points > (greatest?.points ?? 0)) {
      greatest = { variant, from: from.get(variant) ?? 0, to: share, points };
    }
  }
  return greatest;
}

function sharesOf(flag: FlagDefinition): ReadonlyMap<string, number> {
  const { state, defaultVariant, percentages } = summarizeFlag(flag);
  if (state === "DISABLED") return new Map();
  if (percentages !== undefined) return new Map(Object.entries(percentages));
  return defaultVariant === null ? new Map() : new Map([[defaultVariant, 100]]);
}
