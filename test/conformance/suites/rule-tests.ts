import { isDeepStrictEqual } from "node:util";
import { applyRule, type JsonValue } from "@flagspan/ruleset";
import type { Case, Form } from "../suite.ts";

/** A rule, what it is applied to, and what must come out; `fails`: the engine must fail. */
export interface RuleTest {
  readonly name: string;
  readonly groups: readonly string[];
  readonly rule: JsonValue;
  readonly data: unknown;
  readonly expected: unknown;
  readonly fails: boolean;
}

/** Applies the rule as flagd does: `$flagd` in the data stands for what flagd adds. */
export function ruleCase(test: RuleTest): Case {
  return {
    name: test.name,
    groups: [...test.groups, ...operatorsOf(test.rule).map((operator) => `operator ${operator}`)],
    check: (form) => checkRule(test, form),
  };
}

function checkRule({ rule, data, expected, fails }: RuleTest, form: Form): string | undefined {
  const { context, ...flag } = splitContext(data);
  const result = applyRule(rule, context, { ...flag, form });
  const got = result.ok ? JSON.stringify(result.value) : `failure (${result.message})`;
  if (fails) return result.ok ? `expected a failure, got ${got}` : undefined;
  // Through JSON, which knows no -0 and no undefined.
  const same =
    result.ok &&
    isDeepStrictEqual(JSON.parse(JSON.stringify(result.value)), JSON.parse(JSON.stringify(expected ?? null)));
  return same ? undefined : `expected ${JSON.stringify(expected)}, got ${got}`;
}

function splitContext(data: unknown): {
  readonly context: unknown;
  readonly flagKey?: string;
  readonly nowMs?: number;
} {
  if (typeof data !== "object" || data === null || !("$flagd" in data)) return { context: data ?? null };
  const { $flagd, ...context } = data as {
    readonly $flagd: { readonly flagKey: string; readonly timestamp: number };
  };
  return { context, flagKey: $flagd.flagKey, nowMs: $flagd.timestamp * 1000 };
}

/** Every name that stands where an operator would. */
function operatorsOf(rule: JsonValue): readonly string[] {
  if (typeof rule !== "object" || rule === null) return [];
  const inner = Object.values(rule as Readonly<Record<string, JsonValue>>).flatMap(operatorsOf);
  const keys = Object.keys(rule);
  return Array.isArray(rule) || keys.length !== 1 ? inner : [...keys, ...inner];
}
