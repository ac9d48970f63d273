import type { EvaluationContext } from "../types.ts";
import { RuleFailure } from "./failure.ts";
import { charge, chargeText, type Run, STEP_WORK } from "./run.ts";

/** A property costs much more than an element: getters and big dictionaries take 0.4 µs each. */
const KEY_WORK = 64;
const MAX_DEPTH = 64;

/** One own property as JSON would carry it; null where there is none. `key` is the name of a top-level attribute. */
export function readAttribute(context: EvaluationContext, key: string, run: Run): unknown {
  return Object.hasOwn(context, key) ? normalize(context[key], run) : null;
}

/** What JSON would make of a context value: `toJSON` is asked (dates become text), undefined, functions and NaN are null. Fails beyond budgets. */
export function normalize(value: unknown, run: Run, depth = 0): unknown {
  chargeText(value, run);
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value;
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_DEPTH) {
    throw new RuleFailure(
      "INVALID_CONTEXT",
      `the context nests deeper than ${MAX_DEPTH} levels, or contains itself`,
    );
  }
  if (Array.isArray(value)) {
    charge(run, value.length * STEP_WORK);
    return value.map((element) => normalize(element, run, depth + 1));
  }
  charge(run, KEY_WORK);
  if ("toJSON" in value && typeof value.toJSON === "function")
    return normalize(value.toJSON(), run, depth + 1);
  const entries: [string, unknown][] = [];
  const keys = Object.keys(value);
  charge(run, keys.length * KEY_WORK);
  for (const key of keys) {
    const property: unknown = (value as Record<string, unknown>)[key];
    if (property === undefined || typeof property === "function" || typeof property === "symbol") continue;
    charge(run, key.length);
    entries.push([key, normalize(property, run, depth + 1)]);
  }
  return Object.fromEntries(entries);
}
