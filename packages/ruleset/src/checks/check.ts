import { isRecord } from "../json.ts";
import type { FlagDefinition, Issue, IssueCode, JsonValue } from "../types.ts";

type Path = readonly (string | number)[];

/** A flag under check. */
export interface CheckedFlag {
  readonly key: string;
  readonly flag: FlagDefinition;
  /** Every operation of the targeting, outer before inner. */
  readonly operations: readonly Operation[];
  readonly report: (finding: Finding) => void;
}

/** One operation of a rule. */
export interface Operation {
  readonly name: string;
  readonly args: JsonValue;
  /** The arguments as a list, whether written so or bare. */
  readonly list: readonly JsonValue[];
  /** Of the operation, from the flag. */
  readonly path: Path;
}

/** Something wrong, at a path from the flag. */
export interface Finding {
  readonly code: IssueCode;
  readonly severity: Issue["severity"];
  readonly path: Path;
  readonly message: string;
  readonly didYouMean?: string | undefined;
}

/** Looks for one kind of mistake. */
export type Check = (checked: CheckedFlag) => void;

/** All operations within a rule. */
export function operationsOf(rule: JsonValue | undefined, path: Path, found: Operation[] = []): Operation[] {
  if (typeof rule !== "object" || rule === null) return found;
  if (Array.isArray(rule)) {
    for (const [i, element] of (rule as readonly JsonValue[]).entries())
      operationsOf(element, [...path, i], found);
    return found;
  }
  const operation = operationOf(rule, path);
  if (operation === undefined) return found;
  found.push(operation);
  return operationsOf(operation.args, [...path, operation.name], found);
}

/** The rule as an operation; undefined for data. */
export function operationOf(rule: JsonValue, path: Path): Operation | undefined {
  if (!isRecord(rule)) return undefined;
  const keys = Object.keys(rule);
  const name = keys[0];
  if (name === undefined || keys.length > 1) return undefined;
  const args = rule[name] ?? null;
  return { name, args, list: Array.isArray(args) ? args : [args], path };
}

/** Whether a rule is a value known without evaluating: no object with one key within. */
export function isLiteral(rule: JsonValue | undefined): rule is JsonValue {
  return rule !== undefined && operationsOf(rule, []).length === 0;
}

/** The path that a `var` reads, if it is literal. */
export function attributeOf(rule: JsonValue | undefined): string | undefined {
  if (rule === undefined) return undefined;
  const operation = operationOf(rule, []);
  const path = operation?.list[0];
  return operation?.name === "var" && typeof path === "string" ? path : undefined;
}
