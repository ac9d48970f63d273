import type { AssetFlag } from "@flagspan/bridge/assets";
import { readRollout } from "@flagspan/ruleset/rollout";
import type { FlagDefinition, Ruleset } from "@flagspan/ruleset";
import { findClosest } from "../../closest.ts";
import { UsageError } from "../../command.ts";

/** Picks the flags by name; with no names, those under rollout, or all where `all` is set. */
export function readAssetFlags(
  ruleset: Ruleset,
  flagSetId: string,
  keys: readonly string[],
  all: boolean,
): readonly AssetFlag[] {
  const flags = [...ruleset.flags];
  if (keys.length > 0) {
    return keys.map((key) => {
      const flag = ruleset.flags.get(key);
      if (flag === undefined) {
        const closest = findClosest(key, [...ruleset.flags.keys()]);
        const hint = closest === undefined ? "." : `; did you mean "${closest}"?`;
        throw new UsageError(`${flagSetId} has no flag "${key}"${hint}`);
      }
      return describe(key, flag, flagSetId);
    });
  }
  return flags
    .filter(([, flag]) => all || readRollout(flag) !== undefined)
    .map(([key, flag]) => describe(key, flag, flagSetId))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function describe(key: string, flag: FlagDefinition, flagSetId: string): AssetFlag {
  const rollout = readRollout(flag);
  if (rollout === undefined) return { key, flagSetId, variants: Object.keys(flag.variants).sort() };
  const { treatment, control } = rollout;
  return { key, flagSetId, variants: [treatment, control], treatment, control };
}
