import type { Issue, ParseOptions, ParseResult } from "../types.ts";
import { budgetOf } from "./budget.ts";
import { locatePath, locateSyntaxError } from "./locate.ts";
import { MAX_NESTING, nestsTooDeep } from "./nesting.ts";
import { parseRuleset } from "./parse-ruleset.ts";

/** Reads a ruleset from JSON text, as `parseRuleset` does; every issue tells its line and column. */
export function parseRulesetText(text: string, options?: ParseOptions): ParseResult {
  const { maxLength } = budgetOf(options);
  if (text.length > maxLength) return tooMuch(`the text is longer than ${maxLength} characters`);
  if (nestsTooDeep(text)) return tooMuch(`the text nests deeper than ${MAX_NESTING} levels`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    const { found, ...place } = locateSyntaxError(text);
    const message = `not JSON: line ${place.line}, column ${place.column}: ${found}`;
    return { ok: false, issues: [{ code: "invalid-json", severity: "error", path: [], message, ...place }] };
  }
  const result = parseRuleset(document, options);
  return result.issues.length === 0 ? result : { ...result, issues: locateIssues(text, result.issues) };
}

function tooMuch(message: string): ParseResult {
  return { ok: false, issues: [{ code: "budget-exceeded", severity: "error", path: [], message }] };
}

/** Positions are looked up only where there is something to show, and only for so many. */
const MAX_LOCATED = 200;

/** Adds line and column to issues by scanning the text they are about. */
export function locateIssues(text: string, issues: readonly Issue[]): readonly Issue[] {
  const located = issues.slice(0, MAX_LOCATED);
  const places = locatePath(
    text,
    located.map((issue) => issue.path),
  );
  return located.map((issue, i): Issue => ({ ...issue, ...places[i] })).concat(issues.slice(MAX_LOCATED));
}
