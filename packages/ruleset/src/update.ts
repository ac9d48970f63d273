import { FlagEntry } from "./flag-map.ts";
import { budgetOf } from "./parse/budget.ts";
import { parseFlag, parseMetadata } from "./parse/parse-flag.ts";
import { createReferenceResolver } from "./parse/references.ts";
import { flagMapOf, rulesetOf } from "./ruleset.ts";
import type { Issue, JsonValue, ParseOptions, Ruleset } from "./types.ts";

/** What changes: definitions by flag key, `null` for a deleted flag; and the set's metadata, if it changed. */
export interface RulesetPatch {
  readonly flags: Readonly<Record<string, JsonValue | null>>;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** A new ruleset beside the old one. Untouched flags keep what was compiled for them; the old ruleset stays usable. */
export function updateRuleset(
  ruleset: Ruleset,
  patch: RulesetPatch,
  options?: ParseOptions,
): { readonly ruleset: Ruleset; readonly issues: readonly Issue[] } {
  const budget = budgetOf(options);
  const issues: Issue[] = [];
  const report = (issue: Issue): void => {
    issues.push(issue);
  };
  const resolver = createReferenceResolver(ruleset.evaluators, budget, () => undefined);
  const changes = new Map<string, FlagEntry | null>();
  const quarantined = new Map(ruleset.quarantined);
  for (const [key, value] of Object.entries(patch.flags)) {
    const flag = value === null ? undefined : parseFlag(value, { key, index: key, report }, resolver, budget);
    changes.set(key, flag === undefined ? null : new FlagEntry(key, flag));
    if (flag === undefined && value !== null) quarantined.set(key, issues.at(-1) as Issue);
    else quarantined.delete(key);
  }
  const { evaluators } = ruleset;
  const metadata =
    patch.metadata === undefined ? ruleset.metadata : parseMetadata(patch.metadata, { report });
  const flags = flagMapOf(ruleset).with(changes);
  return { ruleset: rulesetOf({ flags, evaluators, metadata, quarantined }), issues };
}
