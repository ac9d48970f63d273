import type { FlagDefinition, Issue } from "@flagspan/ruleset";
import type { Layer } from "./source.ts";

type Entry = FlagDefinition | Issue | undefined;

/** What decides about a flag: the definition, or the reason why there is none, of the last layer that knows it. */
function findEntry(layers: readonly Layer[], flagKey: string): Entry {
  for (let index = layers.length - 1; index >= 0; index--) {
    const ruleset = layers[index]?.ruleset;
    const entry = ruleset?.flags.get(flagKey) ?? ruleset?.quarantined.get(flagKey);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/**
 * Lists the flags whose definition differs between two states, sorted. Only these can answer differently; a new revision
 * with equal definitions changes nothing, and a patch that shares what it left alone is compared by identity.
 */
export function listChangedFlags(before: readonly Layer[], after: readonly Layer[]): readonly string[] {
  const keys = new Set<string>();
  for (const { ruleset } of [...before, ...after]) {
    for (const key of ruleset.flags.keys()) keys.add(key);
    for (const key of ruleset.quarantined.keys()) keys.add(key);
  }
  const changed = [...keys].filter((key) => !isEqual(findEntry(before, key), findEntry(after, key)));
  return changed.sort();
}

/** Compares JSON-like values; depth is bounded by what a ruleset may hold. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
  );
}
