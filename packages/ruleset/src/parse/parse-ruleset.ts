import { FlagEntry, FlagMap } from "../flag-map.ts";
import { isRecord } from "../json.ts";
import { rulesetOf } from "../ruleset.ts";
import type { FlagMetadata, Issue, JsonValue, ParseOptions, ParseResult } from "../types.ts";
import { budgetOf } from "./budget.ts";
import { parseFlag, parseMetadata } from "./parse-flag.ts";
import { createReferenceResolver } from "./references.ts";

/**
 * Reads an already parsed flagd document. Lenient as flagd is: it is refused only if it has no `flags` or breaks a
 * budget; a bad flag is quarantined and harms only itself. The ruleset keeps the document's objects: leave them alone.
 */
export function parseRuleset(document: unknown, options?: ParseOptions): ParseResult {
  const budget = budgetOf(options);
  const issues: Issue[] = [];
  const report = (issue: Issue): void => {
    issues.push(issue);
  };
  if (!isRecord(document))
    return refused("invalid-document", [], 'a ruleset must be an object: {"flags": {…}}');
  if (!Object.hasOwn(document, "flags")) return refused("missing-flags", [], 'the document has no "flags"');
  const flags = document["flags"];
  if (typeof flags !== "object" || flags === null) {
    return refused("missing-flags", ["flags"], "flags must be an object or a list of flags with a key each");
  }
  if (Object.keys(flags).length > budget.maxFlags) {
    return refused("budget-exceeded", ["flags"], `more than ${budget.maxFlags} flags`);
  }
  const resolver = createReferenceResolver(evaluatorsOf(document, report), budget, report);
  const entries = new Map<string, FlagEntry>();
  const quarantined = new Map<string, Issue>();
  // One place for all flags: ten thousand short-lived ones would make the collector copy the document under way.
  const place = { key: "", index: "" as string | number, report };
  const add = (key: string, index: string | number, source: unknown): void => {
    place.key = key;
    place.index = index;
    const flag = parseFlag(source, place, resolver, budget);
    if (flag === undefined) quarantined.set(key, issues.at(-1) as Issue);
    else entries.set(key, new FlagEntry(key, flag));
  };
  if (Array.isArray(flags)) addList(flags, add, report);
  else for (const key of Object.keys(flags)) add(key, key, (flags as Readonly<Record<string, unknown>>)[key]);
  const metadata: FlagMetadata =
    document["metadata"] === undefined ? {} : parseMetadata(document["metadata"], { report });
  const { evaluators } = resolver;
  return {
    ok: true,
    ruleset: rulesetOf({ flags: new FlagMap(entries), evaluators, metadata, quarantined }),
    issues,
  };
}

function refused(code: Issue["code"], path: readonly string[], message: string): ParseResult {
  return { ok: false, issues: [{ code, severity: "error", path, message }] };
}

function addList(
  flags: readonly unknown[],
  add: (key: string, index: number, source: unknown) => void,
  report: (issue: Issue) => void,
): void {
  const hint = "a list of flags loads in the flagd daemon, not in its in-process providers; use an object";
  report({ code: "flag-list", severity: "warning", path: ["flags"], message: hint });
  const last = new Map<string, number>();
  for (const [index, value] of flags.entries()) {
    if (isRecord(value) && Object.hasOwn(value, "key")) last.set(String(value["key"]), index);
  }
  for (const [index, value] of flags.entries()) {
    const key = isRecord(value) && Object.hasOwn(value, "key") ? value["key"] : undefined;
    const path = ["flags", index, "key"];
    if (typeof key !== "string") {
      report({
        code: "invalid-key",
        severity: "error",
        path,
        message: "a flag in a list needs a key; it is left out",
      });
      continue;
    }
    if (last.get(key) === index) {
      add(key, index, value);
      continue;
    }
    const message = `flag "${key}" is defined twice; the later definition counts`;
    report({ code: "duplicate-key", severity: "warning", path, message, flagKey: key });
  }
}

function evaluatorsOf(
  document: Readonly<Record<string, unknown>>,
  report: (issue: Issue) => void,
): ReadonlyMap<string, JsonValue> {
  const evaluators = Object.hasOwn(document, "$evaluators") ? document["$evaluators"] : undefined;
  if (isRecord(evaluators)) return new Map(Object.entries(evaluators as Readonly<Record<string, JsonValue>>));
  if (evaluators !== undefined) {
    const message = "$evaluators must be an object of named rules; it is ignored";
    report({ code: "invalid-evaluators", severity: "error", path: ["$evaluators"], message });
  }
  return new Map();
}
