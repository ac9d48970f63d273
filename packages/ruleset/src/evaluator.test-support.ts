import { expect } from "vitest";
import { evaluateCompiled } from "./compile/evaluate-compiled.ts";
import { evaluate as interpret } from "./evaluate/evaluate.ts";
import { applyRule, type RuleResult } from "./apply-rule.ts";
import { parseRuleset } from "./parse/parse-ruleset.ts";
import type { Evaluation, EvaluationContext, FlagDefinition, JsonValue, Ruleset } from "./types.ts";

const form = process.env["FLAGSPAN_EVALUATOR"];

/** The evaluator under test: the interpreter, in the project `unit:compiled` the compiled form, for `npm run mutate` both. */
export const evaluate: typeof interpret =
  form === "both" ? evaluateBoth : form === "compiled" ? evaluateCompiled : interpret;

function evaluateBoth(...args: Parameters<typeof interpret>): Evaluation {
  const evaluation = evaluateCompiled(...args);
  expect(evaluation).toStrictEqual(interpret(...args));
  return evaluation;
}

/** A rule on the evaluator under test; `flag` stands for the flag key. */
export function apply(rule: unknown, context: unknown = {}, nowMs = 1_700_000_000_000): RuleResult {
  const options = { flagKey: "flag", nowMs };
  const interpreted = (): RuleResult => applyRule(rule as JsonValue, context, options);
  if (form === undefined) return interpreted();
  const compiled = applyRule(rule as JsonValue, context, { ...options, form: "compiled" });
  if (form === "both") expect(compiled).toStrictEqual(interpreted());
  return compiled;
}

/** A ruleset from a document that is known to be good. */
export function rulesetOf(document: unknown): Ruleset {
  const result = parseRuleset(document);
  if (!result.ok) throw new Error(result.issues[0]?.message ?? "refused");
  return result.ruleset;
}

/** A boolean flag, but for what is given. */
export function flagOf(parts: Partial<FlagDefinition> = {}): FlagDefinition {
  return { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off", ...parts };
}

/** The answer of a single boolean flag with the given targeting. */
export function answer(targeting: unknown, context: EvaluationContext = {}): Evaluation {
  return evaluate(
    rulesetOf({ flags: { flag: flagOf({ targeting: targeting as JsonValue }) } }),
    "flag",
    context,
    0,
  );
}
