import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkRuleset, type IssueCode, parseRuleset, parseRulesetText } from "@flagspan/ruleset";
import { type Case, readJson, type Suite } from "../suite.ts";

/** What the schemas look at. Our checks go further: a rule behind a literal condition is well-formed all the same. */
const BEYOND_SCHEMA: ReadonlySet<IssueCode> = new Set([
  "unreachable-rule",
  "engine-quirk",
  "unmatchable-name",
]);
/** A rule alone has no variants and no evaluators. */
const BEYOND_TARGETING: ReadonlySet<IssueCode> = new Set([
  "unknown-variant",
  "invalid-variants",
  "unknown-reference",
]);
/** Only the daemon's schema allows a list of flags. */
const DAEMON_ONLY: ReadonlySet<IssueCode> = new Set(["flag-list"]);

/** flagd's documents: those under `positive` must be accepted without an issue, those under `negative` must have one. */
export const flagdSchemas: Suite = {
  name: "flagd-schemas/documents",
  read(folder) {
    const root = join(folder, "flagd-schemas", "json", "test");
    if (!existsSync(root)) return undefined;
    return (["flagd", "flags", "targeting"] as const).flatMap((schema) =>
      (["positive", "negative"] as const).flatMap((verdict) => {
        const documents = join(root, schema, verdict);
        if (!existsSync(documents)) return [];
        return readdirSync(documents)
          .filter((file) => file.endsWith(".json"))
          .map((file) => documentCase(schema, verdict, join(documents, file), file));
      }),
    );
  },
};

function documentCase(
  schema: "flagd" | "flags" | "targeting",
  verdict: "positive" | "negative",
  path: string,
  file: string,
): Case {
  return {
    name: `${schema}/${verdict}/${file}`,
    groups: [schema, verdict],
    check() {
      const codes = issuesOf(schema, path);
      if (verdict === "positive")
        return codes.length === 0 ? undefined : `expected no issue, got ${codes.join(", ")}`;
      return codes.length > 0 ? undefined : "expected an issue, got none";
    },
  };
}

function issuesOf(schema: "flagd" | "flags" | "targeting", path: string): readonly IssueCode[] {
  const result =
    schema === "targeting"
      ? parseRuleset({ flags: { rule: { state: "ENABLED", variants: {}, targeting: readJson(path) } } })
      : parseRulesetText(readFileSync(path, "utf8"));
  // A document under `flags` may still name the daemon's schema as its own.
  const isForDaemon =
    schema === "flagd" || /"\$schema":\s*"[^"]*flagd\.json"/.test(readFileSync(path, "utf8"));
  const issues = [...result.issues, ...(result.ok ? checkRuleset(result.ruleset) : [])];
  return issues
    .map(({ code }) => code)
    .filter((code) => !BEYOND_SCHEMA.has(code))
    .filter((code) => schema !== "targeting" || !BEYOND_TARGETING.has(code))
    .filter((code) => !isForDaemon || !DAEMON_ONLY.has(code));
}
