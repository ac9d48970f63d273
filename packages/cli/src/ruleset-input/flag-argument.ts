import type { Ruleset } from "@flagspan/ruleset";
import { findClosest } from "../closest.ts";
import { UsageError } from "../command.ts";

/** Refuses a flag key that the ruleset does not have, with the one that was probably meant. */
export function assertFlag(ruleset: Ruleset, flagKey: string, file: string): void {
  if (ruleset.flags.has(flagKey) || ruleset.quarantined.has(flagKey)) return;
  const keys = [...ruleset.flags.keys(), ...ruleset.quarantined.keys()];
  const meant = findClosest(flagKey, keys);
  const hint =
    meant === undefined ? `it has ${keys.slice(0, 5).join(", ") || "none"}.` : `did you mean "${meant}"?`;
  throw new UsageError(`${file} has no flag "${flagKey}"; ${hint}`);
}

/** The time to evaluate at: `--at` in RFC 3339, else now. */
export function readTime(at: string | undefined, nowMs: number): number {
  if (at === undefined) return nowMs;
  const time = Date.parse(at);
  if (Number.isNaN(time)) throw new UsageError(`--at ${at}: write a time such as 2026-01-31T12:00:00Z.`);
  return time;
}
