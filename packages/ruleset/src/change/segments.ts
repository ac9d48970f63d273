import { isRecord } from "../json.ts";
import type { JsonValue } from "../types.ts";

/** The names of evaluators by the object that replaced their references: a parsed ruleset shares it, never copies it. */
export type SegmentNames = ReadonlyMap<JsonValue, string>;

/** Indexes evaluators for `listSegments`. Of evaluators that are the same object the first name counts. */
export function nameSegments(evaluators: ReadonlyMap<string, JsonValue> | undefined): SegmentNames {
  const names = new Map<JsonValue, string>();
  for (const [name, rule] of evaluators ?? []) {
    if (typeof rule === "object" && rule !== null && !names.has(rule)) names.set(rule, name);
  }
  return names;
}

/** Visits of values at most; a flag holds at most 20,000 unless its author raised the budget. */
const MAX_VISITS = 200_000;

/** The `$evaluators` that a targeting uses, in order of appearance, whether their references are replaced or not. */
export function listSegments(targeting: JsonValue | undefined, names: SegmentNames): readonly string[] {
  const found = new Set<string>();
  const waiting: JsonValue[] = targeting === undefined ? [] : [targeting];
  for (let visits = 0; waiting.length > 0 && visits < MAX_VISITS; visits++) {
    const value = waiting.pop() ?? null;
    if (typeof value !== "object" || value === null) continue;
    const name = names.get(value) ?? referenceOf(value);
    if (name === undefined) waiting.push(...Object.values(value as object).toReversed());
    else found.add(name);
  }
  return [...found];
}

/** The context attributes that a targeting reads, in order of appearance; the targeting key and `$flagd` are not told. */
export function listAttributes(targeting: JsonValue | undefined): readonly string[] {
  const found = new Set<string>();
  const waiting: JsonValue[] = targeting === undefined ? [] : [targeting];
  for (let visits = 0; waiting.length > 0 && visits < MAX_VISITS; visits++) {
    const value = waiting.pop() ?? null;
    if (typeof value !== "object" || value === null) continue;
    const path = isRecord(value) ? value["var"] : undefined;
    const name: unknown = Array.isArray(path) ? path[0] : path;
    if (typeof name === "string" && name !== "" && name !== "targetingKey" && !name.startsWith("$flagd")) {
      found.add(name);
    }
    waiting.push(...Object.values(value as object).toReversed());
  }
  return [...found];
}

function referenceOf(value: object): string | undefined {
  if (!isRecord(value) || !Object.hasOwn(value, "$ref")) return undefined;
  const name = value["$ref"];
  return typeof name === "string" ? name : undefined;
}
