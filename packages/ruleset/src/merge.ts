import { type FlagEntry, FlagMap } from "./flag-map.ts";
import { flagMapOf, rulesetOf } from "./ruleset.ts";
import type { FlagMetadata, Issue, JsonValue, Ruleset } from "./types.ts";

/** Lays rulesets over each other: of the same flag, evaluator or metadata the later one's counts, broken or not. */
export function mergeRulesets(rulesets: readonly Ruleset[]): Ruleset {
  const flags = new Map<string, FlagEntry>();
  const quarantined = new Map<string, Issue>();
  const evaluators = new Map<string, JsonValue>();
  for (const ruleset of rulesets) {
    for (const key of ruleset.flags.keys()) {
      const entry = flagMapOf(ruleset).entry(key);
      if (entry !== undefined) flags.set(key, entry);
      quarantined.delete(key);
    }
    for (const [key, issue] of ruleset.quarantined) {
      quarantined.set(key, issue);
      flags.delete(key);
    }
    for (const [name, rule] of ruleset.evaluators) evaluators.set(name, rule);
  }
  const metadata = Object.freeze(
    Object.fromEntries(rulesets.flatMap((ruleset) => Object.entries(ruleset.metadata))),
  ) as FlagMetadata;
  return rulesetOf({ flags: new FlagMap(flags), evaluators, metadata, quarantined });
}
