import type { EvaluationContext } from "../types.ts";
import { RuleFailure } from "./failure.ts";
import { charge, type Run, STEP_WORK } from "./run.ts";

/** Strings up to this length are free: their number is bounded by the rule's size. */
export const FREE_LENGTH = 256;
const MAX_DEPTH = 64;

/** One own property as JSON would carry it; null where there is none. `key` is the name of a top-level attribute. */
export function readAttribute(context: EvaluationContext, key: string, run: Run): unknown {
  return Object.hasOwn(context, key) ? normalize(context[key], run) : null;
}

/** What JSON would make of a context value: dates become text, undefined, functions and NaN null. Fails beyond budgets. */
export function normalize(value: unknown, run: Run): unknown {
  if (typeof value === "string") {
    if (value.length > FREE_LENGTH) charge(run, value.length);
    return value;
  }
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return null;
  return copy(value, run, 0);
}

function copy(value: object, run: Run, depth: number): unknown {
  if (depth > MAX_DEPTH) {
    throw new RuleFailure(
      "INVALID_CONTEXT",
      `the context nests deeper than ${MAX_DEPTH} levels, or contains itself`,
    );
  }
  if (Array.isArray(value)) {
    charge(run, value.length * STEP_WORK);
    if (value.every(isPlainScalar)) return value;
    return value.map((element: unknown) => copyOrScalar(element, run, depth));
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  const entries: [string, unknown][] = [];
  const keys = Object.keys(value);
  charge(run, keys.length * STEP_WORK);
  for (const key of keys) {
    const property: unknown = (value as Record<string, unknown>)[key];
    if (property === undefined || typeof property === "function" || typeof property === "symbol") continue;
    charge(run, key.length);
    entries.push([key, copyOrScalar(property, run, depth)]);
  }
  return Object.fromEntries(entries);
}

function copyOrScalar(value: unknown, run: Run, depth: number): unknown {
  return typeof value === "object" && value !== null ? copy(value, run, depth + 1) : normalize(value, run);
}

function isPlainScalar(value: unknown): boolean {
  return typeof value === "string"
    ? value.length <= FREE_LENGTH
    : typeof value === "boolean" || value === null || (typeof value === "number" && Number.isFinite(value));
}
