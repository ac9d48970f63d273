import type { FlagChange } from "@flagspan/ruleset/change";

import type { StandingKill } from "./live-set.ts";

/**
 * What kills stand after one more change of a flag.
 *
 * A full kill latches and keeps the revision before the first kill, so that a restore undoes all of them. Any
 * other write after a segment kill ends it: bringing the old definition back would lose that write.
 */
export function followKills(
  kills: ReadonlyMap<string, StandingKill>,
  changes: readonly FlagChange[],
): ReadonlyMap<string, StandingKill> {
  const next = new Map(kills);
  for (const change of changes) {
    const standing = next.get(change.flagKey);
    if (change.action === "killed") {
      next.set(change.flagKey, {
        changeId: change.id,
        revision: standing?.revision ?? Number(change.previousRevision ?? 0),
        latched: change.segments === undefined || (standing?.latched ?? false),
      });
    } else if (standing !== undefined) {
      next.delete(change.flagKey);
    }
  }
  return next;
}
