export { evaluateCompiled } from "../compile/evaluate-compiled.ts";
export { parseRuleset } from "../parse/parse-ruleset.ts";
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
} from "../types.ts";
