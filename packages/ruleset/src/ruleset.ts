import type { FlagEntry, FlagMap } from "./flag-map.ts";
import type { FlagMetadata, Issue, JsonValue, Ruleset } from "./types.ts";

/** The parts of a ruleset. */
export interface RulesetParts {
  readonly flags: FlagMap;
  readonly evaluators: ReadonlyMap<string, JsonValue>;
  readonly metadata: FlagMetadata;
  readonly quarantined: ReadonlyMap<string, Issue>;
}

/** Makes a ruleset: the one place that may. */
export function rulesetOf(parts: RulesetParts): Ruleset {
  return parts as RulesetParts & Ruleset;
}

/** The flags of a ruleset with what was derived from them. */
export function flagMapOf(ruleset: Ruleset): FlagMap {
  return ruleset.flags as FlagMap;
}

/** One flag of a ruleset with what was derived from it. */
export function flagEntryOf(ruleset: Ruleset, flagKey: string): FlagEntry | undefined {
  return flagMapOf(ruleset).entry(flagKey);
}
