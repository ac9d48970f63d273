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
 * with equal definitions changes nothing. `touched` limits the comparison to flags that can differ at all.
 */
export function listChangedFlags(
  before: readonly Layer[],
  after: readonly Layer[],
  touched: Iterable<string> = allFlags([...before, ...after]),
): readonly string[] {
  const changed = [...touched].filter((key) => !isEqual(findEntry(before, key), findEntry(after, key)));
  return changed.sort();
}

function allFlags(layers: readonly Layer[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { ruleset } of layers) {
    for (const key of ruleset.flags.keys()) keys.add(key);
    for (const key of ruleset.quarantined.keys()) keys.add(key);
  }
  return keys;
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
