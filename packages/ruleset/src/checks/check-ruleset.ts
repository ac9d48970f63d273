import type { Issue, Ruleset } from "../types.ts";
import { operatorArguments } from "./arguments.ts";
import { type Check, type Finding, operationsOf } from "./check.ts";
import { engineQuirk } from "./engine-quirk.ts";
import { flagdProperties } from "./flagd-properties.ts";
import { impossibleComparison } from "./impossible-comparison.ts";
import { unknownOperator } from "./unknown-operator.ts";
import { unknownVariant } from "./unknown-variant.ts";
import { unmatchableName } from "./unmatchable-name.ts";
import { unreachableRule } from "./unreachable-rule.ts";
import { variants } from "./variants.ts";
import { versions } from "./versions.ts";
import { weights } from "./weights.ts";

const checks: readonly Check[] = [
  variants,
  unmatchableName,
  unknownOperator,
  operatorArguments,
  unknownVariant,
  unreachableRule,
  weights,
  versions,
  flagdProperties,
  impossibleComparison,
  engineQuirk,
];

/** Everything that a ruleset's meaning makes suspicious, in the order of its flags. What parsing reports is not repeated. */
export function checkRuleset(ruleset: Ruleset): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [key, flag] of ruleset.flags) {
    const report = ({ didYouMean, path, ...finding }: Finding): void => {
      const suggestion = didYouMean === undefined ? {} : { didYouMean };
      issues.push({ ...finding, path: ["flags", key, ...path], flagKey: key, ...suggestion });
    };
    const checked = { key, flag, operations: operationsOf(flag.targeting, ["targeting"]), report };
    for (const check of checks) check(checked);
  }
  return issues;
}
