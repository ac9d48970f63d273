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
  const sources = Array.isArray(flags)
    ? flagsOfList(flags, report)
    : flagsOfMap(flags as Record<string, unknown>);
  if (sources.length > budget.maxFlags) {
    return refused("budget-exceeded", ["flags"], `more than ${budget.maxFlags} flags`);
  }
  const resolver = createReferenceResolver(evaluatorsOf(document, report), budget, report);
  const entries = new Map<string, FlagEntry>();
  const quarantined = new Map<string, Issue>();
  for (const { key, index, value } of sources) {
    const path = ["flags", index];
    const flag = parseFlag(value, { key, path, report }, resolver, budget);
    if (flag === undefined) quarantined.set(key, issues.at(-1) as Issue);
    else entries.set(key, new FlagEntry(key, flag));
  }
  const metadata: FlagMetadata =
    document["metadata"] === undefined ? {} : parseMetadata(document["metadata"], ["metadata"], { report });
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

interface FlagSource {
  readonly key: string;
  /** Where it stands under `flags`: its key, or its place in the list. */
  readonly index: string | number;
  readonly value: unknown;
}

function flagsOfMap(flags: Readonly<Record<string, unknown>>): readonly FlagSource[] {
  return Object.keys(flags).map((key) => ({ key, index: key, value: flags[key] }));
}

function flagsOfList(flags: readonly unknown[], report: (issue: Issue) => void): readonly FlagSource[] {
  const sources = new Map<string, FlagSource>();
  const message = "a list of flags loads in the flagd daemon, not in its in-process providers; use an object";
  report({ code: "flag-list", severity: "warning", path: ["flags"], message });
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
    if (sources.has(key)) {
      const message = `flag "${key}" is defined twice; the later definition counts`;
      report({ code: "duplicate-key", severity: "warning", path, message, flagKey: key });
    }
    sources.set(key, { key, index, value });
  }
  return [...sources.values()];
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
