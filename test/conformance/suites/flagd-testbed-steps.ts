import { isDeepStrictEqual } from "node:util";
import type { PickleStep } from "@cucumber/messages";
import {
  evaluate,
  evaluateCompiled,
  type Evaluation,
  type FlagValueType,
  type Ruleset,
} from "@flagspan/ruleset";
import type { Form } from "../suite.ts";

type ValueName = "Boolean" | "String" | "Integer" | "Float" | "Object";

interface World {
  readonly ruleset: Ruleset;
  readonly form: Form;
  flag: { readonly type: ValueName; readonly key: string; readonly fallback: unknown };
  readonly context: Record<string, unknown>;
  evaluation: Evaluation | undefined;
}

/** Answers what is wrong, or undefined. */
type Step = (world: World, args: readonly string[], step: PickleStep) => string | undefined;

const nowMs = Date.now();

const steps: readonly (readonly [RegExp, Step])[] = [
  [/^an evaluator$/, () => undefined],
  // The provider suite's own set-up; a ruleset in memory is as stable as can be.
  [/^an option "cache" of type "CacheType" with value "disabled"$/, () => undefined],
  [/^a stable flagd provider$/, () => undefined],
  [/^a (\w+)-flag with key "(.*)" and a (?:fallback|default) value "(.*)"$/, setFlag],
  [/^a context containing a key "(.*)", with type "(.*)" and with value "(.*)"$/, setAttribute],
  [
    /^a context containing a targeting key with value "(.*)"$/,
    (world, [key = ""]) => void (world.context["targetingKey"] = key),
  ],
  [
    /^a context containing a nested property with outer key "(.*)" and inner key "(.*)", with value "(.*)"$/,
    setNested,
  ],
  [/^the flag was evaluated with details$/, evaluateFlag],
  [/^the resolved details value should be "(.*)"$/, checkValue],
  [
    /^the reason should be "(.*)"$/,
    (world, [reason = ""]) => differ("reason", reason, world.evaluation?.reason),
  ],
  [
    /^the error-code should be "(.*)"$/,
    (world, [code = ""]) => differ("error code", code, world.evaluation?.errorCode ?? ""),
  ],
  [/^the resolved metadata should contain$/, checkMetadata],
  [/^the resolved metadata is empty$/, (world) => differ("metadata", {}, world.evaluation?.metadata)],
];

/** Plays a scenario; says which step failed and how. */
export function runSteps(scenario: readonly PickleStep[], ruleset: Ruleset, form: Form): string | undefined {
  const flag = { type: "String", key: "", fallback: "" } as const;
  const world: World = { ruleset, form, flag, context: {}, evaluation: undefined };
  for (const step of scenario) {
    const found = steps.find(([pattern]) => pattern.test(step.text));
    if (found === undefined) return `no such step: ${step.text}`;
    const [pattern, run] = found;
    const failure = run(world, pattern.exec(step.text)?.slice(1) ?? [], step);
    if (failure !== undefined) return `${step.text}: ${failure}`;
  }
  return undefined;
}

function setFlag(world: World, [type = "", key = "", fallback = ""]: readonly string[]): undefined {
  world.flag = { type: type as ValueName, key, fallback: parseValue(type, fallback) };
}

function setAttribute(world: World, [key = "", type = "", value = ""]: readonly string[]): undefined {
  world.context[key] = parseValue(type, value);
}

function setNested(world: World, [outer = "", inner = "", value = ""]: readonly string[]): undefined {
  world.context[outer] = { [inner]: value };
}

const types: Readonly<Record<ValueName, FlagValueType>> = {
  Boolean: "boolean",
  String: "string",
  Integer: "number",
  Float: "number",
  Object: "object",
};

function evaluateFlag(world: World): undefined {
  const run = world.form === "compiled" ? evaluateCompiled : evaluate;
  world.evaluation = run(world.ruleset, world.flag.key, world.context, nowMs, types[world.flag.type]);
}

/** Without a value the caller's code default applies, as a provider would do it. */
function checkValue({ flag, evaluation }: World, [expected = ""]: readonly string[]): string | undefined {
  const value = evaluation?.value === undefined ? flag.fallback : evaluation.value;
  return differ("value", parseValue(flag.type, expected), value);
}

function checkMetadata(
  { evaluation }: World,
  _args: readonly string[],
  step: PickleStep,
): string | undefined {
  const [head, ...rows] =
    step.argument?.dataTable?.rows.map((row) => row.cells.map((cell) => cell.value)) ?? [];
  for (const row of rows) {
    const cell = (name: string): string => row[head?.indexOf(name) ?? -1] ?? "";
    const expected = parseValue(cell("metadata_type"), cell("value"));
    const failure = differ(cell("key"), expected, evaluation?.metadata[cell("key")]);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Cells are taken literally: a `\u` in one is not decoded. Only JSON has its quotes escaped. */
function parseValue(type: string, text: string): unknown {
  switch (type) {
    case "Boolean":
      return text === "true";
    case "Integer":
    case "Float":
    case "Long":
      return Number(text);
    case "Object":
      return JSON.parse(text.replaceAll('\\"', '"'));
    default:
      return text;
  }
}

function differ(what: string, expected: unknown, got: unknown): string | undefined {
  return isDeepStrictEqual(got, expected)
    ? undefined
    : `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
}
