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

/** An operation that writes its path out only when it is asked for, which is for one in thousands. */
class PlacedOperation implements Operation {
  readonly name: string;
  readonly args: JsonValue;
  readonly list: readonly JsonValue[];
  readonly #place: Place | Path;

  constructor(name: string, args: JsonValue, place: Place | Path) {
    this.name = name;
    this.args = args;
    this.list = Array.isArray(args) ? args : [args];
    this.#place = place;
  }

  get path(): Path {
    return pathOf(this.#place);
  }
}

/** A path as the steps from its end. */
interface Place {
  readonly parent: Place | Path;
  readonly step: string | number;
}

function pathOf(place: Place | Path): Path {
  const steps: (string | number)[] = [];
  let at = place;
  for (; "step" in at; at = at.parent) steps.push(at.step);
  return [...at, ...steps.toReversed()];
}

/** All operations within a rule. */
export function operationsOf(rule: JsonValue | undefined, path: Path): readonly Operation[] {
  const found: Operation[] = [];
  if (rule !== undefined) collect(rule, path, found);
  return found;
}

function collect(rule: JsonValue, place: Place | Path, found: Operation[]): void {
  if (typeof rule !== "object" || rule === null) return;
  if (Array.isArray(rule)) {
    const list = rule as readonly JsonValue[];
    for (let step = 0; step < list.length; step++) {
      const element = list[step];
      if (typeof element === "object" && element !== null) collect(element, { parent: place, step }, found);
    }
    return;
  }
  const name = operatorOf(rule as Tree);
  if (name === undefined) return;
  const args = (rule as Tree)[name] ?? null;
  found.push(new PlacedOperation(name, args, place));
  if (typeof args === "object" && args !== null) collect(args, { parent: place, step: name }, found);
}

type Tree = { readonly [key: string]: JsonValue };

/** The only key of an object. */
function operatorOf(rule: Tree): string | undefined {
  let name: string | undefined;
  for (const key in rule) {
    if (name !== undefined) return undefined;
    name = key;
  }
  return name;
}

/** The rule as an operation; undefined for data. */
export function operationOf(rule: JsonValue, path: Path): Operation | undefined {
  if (!isRecord(rule)) return undefined;
  const name = operatorOf(rule);
  return name === undefined ? undefined : new PlacedOperation(name, rule[name] ?? null, path);
}

/** Whether a rule is a value known without evaluating: no object with one key within. */
export function isLiteral(rule: JsonValue | undefined): rule is JsonValue {
  return rule !== undefined && holdsNoOperation(rule);
}

function holdsNoOperation(rule: JsonValue): boolean {
  if (typeof rule !== "object" || rule === null) return true;
  return Array.isArray(rule)
    ? (rule as readonly JsonValue[]).every(holdsNoOperation)
    : operatorOf(rule as Tree) === undefined;
}

/** The path that a `var` reads, if it is literal. */
export function attributeOf(rule: JsonValue | undefined): string | undefined {
  if (rule === undefined) return undefined;
  const operation = operationOf(rule, []);
  return operation === undefined ? undefined : attributeRead(operation);
}

/** The path that an operation reads, if it is a `var` with a literal path. */
export function attributeRead({ name, list }: Pick<Operation, "name" | "list">): string | undefined {
  const [path] = list;
  return name === "var" && typeof path === "string" ? path : undefined;
}
