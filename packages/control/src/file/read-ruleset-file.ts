import { readFile } from "node:fs/promises";

import { parseRulesetText } from "@flagspan/ruleset";
import type { Issue } from "@flagspan/ruleset";

import type { RulesetDocument } from "../ruleset/document.ts";

/** What a ruleset file holds, or why it cannot be used. */
export type RulesetFile =
  | { readonly ok: true; readonly document: RulesetDocument }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly problem: string };

/** Reads a ruleset file whole; nothing of one that is no ruleset is used, while a bad flag in it harms only itself. */
export async function readRulesetFile(path: string): Promise<RulesetFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, issues: [], problem: `${path} cannot be read (${reason})` };
  }
  const parsed = parseRulesetText(text);
  if (!parsed.ok) {
    const first = parsed.issues.find((issue) => issue.severity === "error");
    const where = first?.line === undefined ? path : `${path}:${first.line}:${first.column ?? 1}`;
    return { ok: false, issues: parsed.issues, problem: `${where}: ${first?.message ?? "not a ruleset"}` };
  }
  const { flags, $evaluators, metadata } = JSON.parse(text) as RulesetDocument;
  return {
    ok: true,
    document: {
      flags,
      ...($evaluators === undefined ? {} : { $evaluators }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}
