export { applyRule } from "./apply-rule.ts";
export type { ApplyOptions, RuleResult } from "./apply-rule.ts";
export { checkRuleset } from "./checks/check-ruleset.ts";
export { evaluateCompiled } from "./compile/evaluate-compiled.ts";
export { evaluate } from "./evaluate/evaluate.ts";
export { explain } from "./explain.ts";
export type { Explanation, ExplanationStep } from "./explain.ts";
export { mergeRulesets } from "./merge.ts";
export { parseRuleset } from "./parse/parse-ruleset.ts";
export { locateIssues, parseRulesetText } from "./parse/parse-text.ts";
export { sha256Hex } from "./sha256.ts";
export { readSnapshot } from "./snapshot.ts";
export type { RulesetSnapshot, SnapshotResult } from "./snapshot.ts";
export { updateRuleset } from "./update.ts";
export type { RulesetPatch } from "./update.ts";
export { writeRuleset } from "./write.ts";
export type { WritableRuleset } from "./write.ts";
export type {
  Evaluation,
  EvaluationContext,
  EvaluationErrorCode,
  FlagDefinition,
  FlagMetadata,
  FlagValueType,
  Issue,
  IssueCode,
  JsonValue,
  ParseOptions,
  ParseResult,
  Ruleset,
} from "./types.ts";
