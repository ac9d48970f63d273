import { parseArgs } from "node:util";
import { checkRuleset } from "@flagspan/ruleset";
import type { Command } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { checkPolicy } from "../../policy/check-policy.ts";
import { readPolicy } from "../../policy/read-policy.ts";
import { openRuleset } from "../../ruleset-input/open-ruleset.ts";
import type { OpenedRuleset } from "../../ruleset-input/open-ruleset.ts";
import { count, printIssue } from "../../ruleset-input/print-issue.ts";
import type { PrintableIssue } from "../../ruleset-input/print-issue.ts";

/** `flagspan check`: what is wrong with a ruleset, and whether it keeps to a team's policy. */
export const checkCommand: Command = {
  name: "check",
  summary: "say what is wrong with a ruleset, and whether it keeps to your policy",
  usage: `
flagspan check <ruleset…> [--policy policy.yaml [--base <ruleset>]] [--strict] [--json]

  --policy <file>   names, owners, expiry and tickets by kind of flag; see policy.example.yaml
  --base <file>     the ruleset in force: how far a share may move at once is measured from it
  --strict          warnings fail too
  --json            one JSON document on standard output

Exit code 0: fine; 1: errors (with --strict: or warnings); 2: wrong use, or not a ruleset.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        policy: { type: "string" },
        base: { type: "string" },
        strict: { type: "boolean" },
        json: { type: "boolean" },
      },
    });
    if (positionals.length === 0) throw new UsageError("name a ruleset file: `flagspan check flags.json`.");
    if (values.base !== undefined && values.policy === undefined) {
      throw new UsageError("--base needs --policy: the policy says how far a share may move.");
    }
    const policy = values.policy === undefined ? undefined : await readPolicy(values.policy, io);
    const base = values.base === undefined ? undefined : await openRuleset(values.base, io);
    const checked: CheckedFile[] = [];
    for (const file of positionals) {
      const opened = await openRuleset(file, io);
      const found = [...checkRuleset(opened.ruleset)];
      const policed =
        policy === undefined ? [] : checkPolicy(policy, opened.ruleset, base?.ruleset, io.now());
      const placed = opened.locate(policed.map((finding) => ({ ...finding, code: "invalid-flag" as const })));
      const findings = policed.map((finding, index) => ({ ...placed[index], ...finding }));
      checked.push({ opened, issues: [...opened.issues, ...opened.locate(found), ...findings] });
    }
    const all = checked.flatMap(({ issues }) => issues);
    const errors = all.filter((issue) => issue.severity === "error").length;
    const warnings = all.length - errors;
    if (values.json === true) {
      const files = checked.map(({ opened, issues }) => ({
        file: opened.file,
        flags: opened.ruleset.flags.size + opened.ruleset.quarantined.size,
        issues,
      }));
      io.stdout(`${JSON.stringify({ files, errors, warnings })}\n`);
    } else {
      for (const { opened, issues } of checked) {
        for (const issue of issues.slice(0, MAX_SHOWN)) {
          io.stdout(`${printIssue(issue, opened.file, opened.lines)}\n`);
        }
        const omitted = issues.length - MAX_SHOWN;
        if (omitted > 0) io.stdout(`${opened.file}: … and ${omitted} more; --json lists all\n`);
        const flags = opened.ruleset.flags.size + opened.ruleset.quarantined.size;
        if (issues.length === 0)
          io.stdout(`${opened.file}: ${count(flags, "flag")}, nothing to complain about\n`);
      }
      if (all.length > 0) io.stdout(`${count(errors, "error")}, ${count(warnings, "warning")}\n`);
    }
    return errors > 0 || (values.strict === true && warnings > 0) ? 1 : 0;
  },
};

/** More issues of a file are counted, not shown: nobody reads them. */
const MAX_SHOWN = 50;

interface CheckedFile {
  readonly opened: OpenedRuleset;
  readonly issues: readonly PrintableIssue[];
}
