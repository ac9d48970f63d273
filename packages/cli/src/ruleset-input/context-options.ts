import type { EvaluationContext } from "@flagspan/ruleset";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";
import { readInput } from "./read-input.ts";
import { parseAny, parseJson } from "./parse-any.ts";

/** The options by which a context is given; spread into `parseArgs`. */
export const contextOptions = {
  context: { type: "string", multiple: true, short: "c" },
  "context-file": { type: "string" },
} as const;

/** Their values. */
export interface ContextValues {
  readonly context?: readonly string[] | undefined;
  readonly "context-file"?: string | undefined;
}

/** Usage text of these options. */
export const contextUsage = `  -c, --context name=value   an attribute; JSON values are taken as such (age=42, beta=true), dots nest
                             (user.name=ada), targetingKey is always text. May be repeated
  --context-file <file>      a JSON or YAML object of attributes; --context goes over it`;

/** Reads the evaluation context from the options. */
export async function readContext(values: ContextValues, io: CommandIo): Promise<EvaluationContext> {
  const file = values["context-file"];
  const context = file === undefined ? {} : await readContextFile(file, io);
  for (const pair of values.context ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 1)
      throw new UsageError(`--context ${pair}: write it as name=value, such as targetingKey=ada.`);
    setAttribute(context, pair.slice(0, equals), pair.slice(equals + 1));
  }
  return context;
}

/** Reads several contexts: a list in JSON or YAML, or one JSON object a line (`.jsonl`, `.ndjson`). */
export async function readContexts(file: string, io: CommandIo): Promise<readonly EvaluationContext[]> {
  const text = await readInput(file, io);
  const value = /\.(?:jsonl|ndjson)$/i.test(file)
    ? text
        .split("\n")
        .flatMap((line, index) => (line.trim() === "" ? [] : [parseJson(file, line, index + 1)]))
    : parseAny(file, text);
  if (!Array.isArray(value) || !value.every(isContext)) {
    throw new UsageError(`${file} is not a list of contexts; write [{"targetingKey": "ada"}, …].`);
  }
  return value;
}

async function readContextFile(file: string, io: CommandIo): Promise<Record<string, unknown>> {
  const value = parseAny(file, await readInput(file, io));
  if (!isContext(value)) {
    throw new UsageError(`${file} is not a context; write an object such as {"targetingKey": "ada"}.`);
  }
  return { ...value };
}

function isContext(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function setAttribute(context: Record<string, unknown>, path: string, text: string): void {
  const names = path.split(".");
  const last = names.pop() ?? path;
  let target = context;
  for (const name of names) {
    const inner = Object.hasOwn(target, name) ? target[name] : undefined;
    const next = isContext(inner) ? { ...inner } : {};
    define(target, name, next);
    target = next;
  }
  define(target, last, path === "targetingKey" ? text : readValue(text));
}

/** Defines rather than assigns: an attribute named `__proto__` stays an attribute. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
