import { summarize } from "../change/summarize-flag.ts";
import { nameSegments } from "../change/segments.ts";
import type { Ruleset } from "../types.ts";
import { compareFlags } from "./compare-flags.ts";
import { describeAppearance, describeDifference } from "./describe-difference.ts";
import type { FlagDifference } from "./flag-difference.ts";
import { sameValue } from "./same-value.ts";

/**
 * Tells two rulesets apart, flag by flag, in order of the key. Differences are those of meaning: the order of keys in the document,
 * and twins that a rollout adds, are none. A changed `$evaluators` entry shows at every flag that uses it.
 */
export function diffRulesets(before: Ruleset, after: Ruleset): readonly FlagDifference[] {
  const previousNames = nameSegments(before.evaluators);
  const currentNames = nameSegments(after.evaluators);
  const keys = new Set<string>();
  for (const ruleset of [before, after]) {
    for (const key of ruleset.flags.keys()) keys.add(key);
    for (const key of ruleset.quarantined.keys()) keys.add(key);
  }
  const differences: FlagDifference[] = [];
  for (const flagKey of keys) {
    const left = before.flags.get(flagKey);
    const right = after.flags.get(flagKey);
    if (left === right || (left !== undefined && right !== undefined && sameValue(left, right))) continue;
    const previous = left === undefined ? undefined : summarize(left, previousNames);
    const current = right === undefined ? undefined : summarize(right, currentNames);
    if (left !== undefined && right !== undefined && previous !== undefined && current !== undefined) {
      const comparison = compareFlags(
        { flag: left, summary: previous, evaluators: before.evaluators },
        { flag: right, summary: current, evaluators: after.evaluators },
      );
      if (comparison.kinds.length === 0) continue;
      const summary = describeDifference({ ...comparison, left, right, previous, current });
      differences.push({ flagKey, ...comparison, previous, current, summary });
      continue;
    }
    const appeared = right !== undefined;
    const wasThere = before.quarantined.has(flagKey);
    const isThere = after.quarantined.has(flagKey);
    const kind = appeared ? (wasThere ? "repaired" : "created") : isThere ? "broken" : "deleted";
    differences.push({
      flagKey,
      action: kind === "created" || kind === "deleted" ? kind : "updated",
      kinds: [kind],
      ...(previous === undefined ? {} : { previous }),
      ...(current === undefined ? {} : { current }),
      segments: current?.segments ?? previous?.segments ?? [],
      summary: describeAppearance(kind, previous, current, after.quarantined.get(flagKey)?.message),
    });
  }
  return differences.sort((a, b) => (a.flagKey < b.flagKey ? -1 : Number(a.flagKey > b.flagKey)));
}
