import { isRecord } from "./json.ts";
import type { FlagDefinition, FlagMetadata, JsonValue } from "./types.ts";

/** What can be written: a ruleset, or its parts as a document holds them. */
export interface WritableRuleset {
  readonly flags: ReadonlyMap<string, FlagDefinition> | Readonly<Record<string, FlagDefinition | JsonValue>>;
  readonly metadata?: FlagMetadata;
  readonly evaluators?: ReadonlyMap<string, JsonValue>;
  readonly $evaluators?: Readonly<Record<string, JsonValue>>;
}

/**
 * The canonical text of a ruleset: keys in code-unit order, no white space, nothing undefined. Equal rulesets give equal
 * bytes. A parsed ruleset is written with its references replaced; its evaluators stay for those who read them.
 */
export function writeRuleset(ruleset: WritableRuleset): string {
  const evaluators = ruleset.$evaluators ?? Object.fromEntries(ruleset.evaluators ?? []);
  const flags =
    ruleset.flags instanceof Map || isMap(ruleset.flags) ? Object.fromEntries(ruleset.flags) : ruleset.flags;
  return writeJson({
    ...(Object.keys(evaluators).length === 0 ? {} : { $evaluators: evaluators }),
    flags,
    ...(Object.keys(ruleset.metadata ?? {}).length === 0 ? {} : { metadata: ruleset.metadata }),
  });
}

function isMap(flags: WritableRuleset["flags"]): flags is ReadonlyMap<string, FlagDefinition> {
  return Symbol.iterator in flags;
}

/** JSON with sorted keys. Depth is bounded by the parse budget. */
export function writeJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "null";
  const properties = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${writeJson(value[key])}`);
  return `{${properties.join(",")}}`;
}
