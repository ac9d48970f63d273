import type { FlagEntry } from "../scope/flag-entry.ts";
import { rankOf } from "../scope/flag-entry.ts";

/**
 * Picks at most `max` entries: watched flags first, then those decided per request (targeting, split), then constants;
 * within a rank in the order of evaluation.
 */
export function selectEntries(entries: Iterable<FlagEntry>, max: number): readonly FlagEntry[] {
  const all = [...entries];
  if (all.length <= max) return all;
  return all
    .map((entry, index) => ({ entry, index, rank: rankOf(entry) }))
    .sort((a, b) => b.rank - a.rank || a.index - b.index)
    .slice(0, max)
    .map(({ entry }) => entry);
}
