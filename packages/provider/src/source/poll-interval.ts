import type { Ruleset } from "@flagspan/ruleset";

/** Longest time between fetches, in milliseconds, while a flag is under rollout. */
const WATCHED_MS = 1000;

/**
 * Creates the time between fetches while there is no stream: as configured, but at most a second while a flag of the
 * ruleset that is held is under rollout (`metadata.rollout`). A guard may turn it off at any moment, and what it turns off
 * must be off within seconds also where streams are cut; a fetch that finds nothing new is a 304. Looks through a
 * ruleset once.
 */
export function createPollInterval(configuredMs: number, held: () => Ruleset | undefined): () => number {
  let looked: Ruleset | undefined;
  let isWatched = false;
  return () => {
    const ruleset = held();
    if (ruleset !== looked) isWatched = ruleset !== undefined && hasWatchedFlag(ruleset);
    looked = ruleset;
    return isWatched ? Math.min(configuredMs, WATCHED_MS) : configuredMs;
  };
}

function hasWatchedFlag({ flags }: Ruleset): boolean {
  for (const { metadata } of flags.values()) if (metadata?.["rollout"] !== undefined) return true;
  return false;
}
