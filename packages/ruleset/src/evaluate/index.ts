export { evaluate } from "./evaluate.ts";
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
  Ruleset,
} from "../types.ts";
