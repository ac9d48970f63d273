import { sameValue } from "../diff/same-value.ts";
import type { JsonValue } from "../types.ts";
import { readArguments } from "./rule-chain.ts";

/** The condition that chooses the users of segments; undefined for none. */
export function writeChosen(segments: readonly string[]): JsonValue | undefined {
  const [first, ...more] = segments.map((segment): JsonValue => ({ $ref: segment }));
  return first === undefined || more.length === 0 ? first : { or: [first, ...more] };
}

/**
 * The segments that a condition chooses, in their order. Where references are replaced already, their names are found by
 * comparing with the evaluators; without those, a replaced reference has no name and is left out.
 */
export function readChosen(
  chosen: JsonValue | undefined,
  evaluators: ReadonlyMap<string, JsonValue> = new Map(),
): readonly string[] {
  if (chosen === undefined) return [];
  const whole = nameOf(chosen, evaluators);
  if (whole !== undefined) return [whole];
  return (readArguments(chosen, "or") ?? []).flatMap((part) => nameOf(part, evaluators) ?? []);
}

/** The name of a segment, referred to or replaced. Replaced ones are usually the evaluator's own object. */
export function nameOf(condition: JsonValue, evaluators: ReadonlyMap<string, JsonValue>): string | undefined {
  if (typeof condition !== "object" || condition === null || Array.isArray(condition)) return undefined;
  const record = condition as { readonly [key: string]: JsonValue };
  const name = Object.hasOwn(record, "$ref") ? record["$ref"] : undefined;
  if (typeof name === "string" && Object.keys(record).length === 1) return name;
  for (const [known, rule] of evaluators) if (rule === condition) return known;
  for (const [known, rule] of evaluators) if (sameValue(rule, condition)) return known;
  return undefined;
}
