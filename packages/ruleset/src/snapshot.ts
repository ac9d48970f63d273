import { parseRulesetText } from "./parse/parse-text.ts";
import { sha256Hex } from "./sha256.ts";
import type { Issue, ParseOptions, Ruleset } from "./types.ts";

/** A ruleset as it was received, and the names under which others know it. */
export interface RulesetSnapshot {
  readonly ruleset: Ruleset;
  /** The set's `metadata.version`, else the first 12 digits of the hash. */
  readonly revision: string;
  /** Of the text as received, lower-case hexadecimal: the strong ETag. */
  readonly sha256: string;
}

/** A snapshot with what is wrong with parts of it, or the reasons why there is none. */
export type SnapshotResult =
  | { readonly ok: true; readonly snapshot: RulesetSnapshot; readonly issues: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Reads a ruleset's text and names its revision. */
export function readSnapshot(text: string, options?: ParseOptions): SnapshotResult {
  const result = parseRulesetText(text, options);
  if (!result.ok) return result;
  const { ruleset, issues } = result;
  const sha256 = sha256Hex(text);
  const version = ruleset.metadata["version"];
  const revision = version === undefined || version === "" ? sha256.slice(0, 12) : String(version);
  return { ok: true, snapshot: { ruleset, revision, sha256 }, issues };
}
