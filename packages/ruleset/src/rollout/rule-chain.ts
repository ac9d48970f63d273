import { isRecord } from "../json.ts";
import type { JsonValue } from "../types.ts";

/** One `when` → `result` of an `if`. */
export interface Rule {
  readonly when: JsonValue;
  readonly result: JsonValue;
}

/** An `if` as a list of rules, first match wins; `otherwise` is null where the default variant follows. */
export interface RuleChain {
  readonly rules: readonly Rule[];
  readonly otherwise: JsonValue;
}

/** The arguments of an operator; undefined if the rule is none, or another, or its arguments are no list. */
export function readArguments(
  rule: JsonValue | undefined,
  operator: string,
): readonly JsonValue[] | undefined {
  if (!isRecord(rule) || !Object.hasOwn(rule, operator) || Object.keys(rule).length !== 1) return undefined;
  const values = rule[operator];
  return Array.isArray(values) ? (values as readonly JsonValue[]) : undefined;
}

/** The arguments of `if` or its alias `?:`. */
export function readConditional(rule: JsonValue | undefined): readonly JsonValue[] | undefined {
  return readArguments(rule, "if") ?? readArguments(rule, "?:");
}

/** Deeper targeting than this is not rewritten; a parsed ruleset holds at most 64 levels. */
const MAX_LEVELS = 128;

/** Flattens an `if` whose last branch is an `if` again into one list. */
export function readChain(targeting: JsonValue | undefined): RuleChain {
  const rules: Rule[] = [];
  let rest: JsonValue = targeting ?? null;
  for (let level = 0; level < MAX_LEVELS; level++) {
    if (isRecord(rest) && Object.keys(rest).length === 0) rest = null;
    const values = readConditional(rest);
    if (values === undefined) break;
    for (let at = 0; at + 1 < values.length; at += 2) {
      rules.push({ when: values[at] ?? null, result: values[at + 1] ?? null });
    }
    rest = values.length % 2 === 1 ? (values.at(-1) ?? null) : null;
  }
  return { rules, otherwise: rest };
}

/** A result with every variant name exchanged, or the part of it that is no plain name. */
export type RenamedResult =
  | { readonly ok: true; readonly result: JsonValue }
  | { readonly ok: false; readonly part: JsonValue };

/** Exchanges the variant names in a result: a name, null, or an `if` that ends in those. Conditions stay as they are. */
export function renameResult(
  result: JsonValue,
  rename: (variant: string) => string,
  level = 0,
): RenamedResult {
  if (result === null) return { ok: true, result };
  if (typeof result === "string") return { ok: true, result: rename(result) };
  const values = readConditional(result);
  if (values === undefined || level > MAX_LEVELS) return { ok: false, part: result };
  const renamed: JsonValue[] = [];
  for (const [at, value] of values.entries()) {
    if (at % 2 === 0 && at + 1 < values.length) {
      renamed.push(value);
      continue;
    }
    const inner = renameResult(value, rename, level + 1);
    if (!inner.ok) return inner;
    renamed.push(inner.result);
  }
  return { ok: true, result: { if: renamed } };
}
