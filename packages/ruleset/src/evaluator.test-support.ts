import { evaluateCompiled } from "./compile/evaluate-compiled.ts";
import { evaluate as interpret } from "./evaluate/evaluate.ts";
import { applyRule, type RuleResult } from "./apply-rule.ts";
import { parseRuleset } from "./parse/parse-ruleset.ts";
import type { Evaluation, EvaluationContext, FlagDefinition, JsonValue, Ruleset } from "./types.ts";

const isCompiled = process.env["FLAGSPAN_EVALUATOR"] === "compiled";

/** The evaluator under test: the interpreter, and in the project `unit:compiled` the compiled form. */
export const evaluate: typeof interpret = isCompiled ? evaluateCompiled : interpret;

/** A rule on the evaluator under test; `flag` stands for the flag key. */
export function apply(rule: unknown, context: unknown = {}, nowMs = 1_700_000_000_000): RuleResult {
  return applyRule(rule as JsonValue, context, {
    flagKey: "flag",
    nowMs,
    form: isCompiled ? "compiled" : "interpreted",
  });
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
