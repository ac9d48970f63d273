import { locateIssues, parseRuleset, parseRulesetText } from "@flagspan/ruleset";
import type { Issue, ParseResult, Ruleset } from "@flagspan/ruleset";
import { findClosest } from "../closest.ts";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";
import { readInput } from "./read-input.ts";
import { isYamlPath, readYaml } from "./yaml.ts";

/** A ruleset file that could be read, with its lines to point into. */
export interface OpenedRuleset {
  /** As the user named it. */
  readonly file: string;
  /** The text to point into. */
  readonly lines: readonly string[];
  readonly ruleset: Ruleset;
  /** What parsing found, each with its line and column. */
  readonly issues: readonly Issue[];
  /** Adds line and column to issues that were found later. */
  readonly locate: (issues: readonly Issue[]) => readonly Issue[];
}

/**
 * Opens a ruleset, JSON or (`.yaml`, `.yml`) YAML. What is no ruleset at all is a `UsageError` in one line that says where and what;
 * a ruleset with broken flags opens.
 */
export async function openRuleset(file: string, io: CommandIo): Promise<OpenedRuleset> {
  const text = await readInput(file, io);
  if (isYamlPath(file)) {
    const { value, locate } = readYaml(file, text);
    const parsed = parseRuleset(value);
    return opened(file, text, { ...parsed, issues: locate(parsed.issues) }, locate, value);
  }
  const parsed = parseRulesetText(text);
  const isJson = !parsed.issues.some((issue) => issue.code === "invalid-json");
  const value: unknown = parsed.ok || !isJson ? undefined : JSON.parse(text);
  return opened(file, text, parsed, (issues) => locateIssues(text, issues), value);
}

function opened(
  file: string,
  text: string,
  parsed: ParseResult,
  locate: OpenedRuleset["locate"],
  value: unknown,
): OpenedRuleset {
  if (parsed.ok)
    return { file, lines: text.split(/\r?\n/), ruleset: parsed.ruleset, issues: parsed.issues, locate };
  const [first] = parsed.issues;
  const place = first?.line === undefined ? file : `${file}:${first.line}:${first.column ?? 1}`;
  const message = first?.message.replace(/^not JSON: line \d+, column \d+: /, "not JSON: ");
  const fix =
    first?.code === "missing-flags"
      ? suggestFlags(value)
      : first?.code === "invalid-json"
        ? suggestYaml(text)
        : "";
  throw new UsageError(`${place}: ${message ?? "not a ruleset"}${fix}`);
}

function suggestFlags(value: unknown): string {
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const meant = findClosest("flags", names);
  if (meant !== undefined && meant !== "flags") return `; did you mean "flags" where it says "${meant}"?`;
  return '; a ruleset is {"flags": {"my-flag": {"state": …, "variants": …}}}';
}

function suggestYaml(text: string): string {
  return /^\s*(?:flags|\$evaluators|metadata|#|---)/.test(text)
    ? "; if it is YAML, name the file .yaml"
    : "; correct it there";
}
