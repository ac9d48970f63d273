import { parseArgs } from "node:util";
import { countAffected, diffRulesets } from "@flagspan/ruleset/change";
import type { Command } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { readContexts } from "../../ruleset-input/context-options.ts";
import { readTime } from "../../ruleset-input/flag-argument.ts";
import { openRuleset } from "../../ruleset-input/open-ruleset.ts";
import { asText, count } from "../../ruleset-input/print-issue.ts";

/** `flagspan diff`: what differs between two rulesets, and whom it affects. */
export const diffCommand: Command = {
  name: "diff",
  summary: "tell two rulesets apart, flag by flag, with who is affected",
  usage: `
flagspan diff <before> <after> [--contexts <file>] [--at <time>] [--exit-code] [--json]

  --contexts <file>   a list of contexts (JSON, YAML, or .jsonl with one a line): counts those that get another answer
  --at <time>         evaluate those as of this time (RFC 3339); default now
  --exit-code         exit with 1 if there are differences
  --json              one JSON document on standard output

Exit code 0: done; 1: differences, with --exit-code; 2: wrong use, or not a ruleset.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        contexts: { type: "string" },
        at: { type: "string" },
        "exit-code": { type: "boolean" },
        json: { type: "boolean" },
      },
    });
    const [first, second] = positionals;
    if (first === undefined || second === undefined || positionals.length > 2) {
      throw new UsageError("name two ruleset files: `flagspan diff before.json after.json`.");
    }
    const nowMs = readTime(values.at, io.now());
    const { ruleset: before } = await openRuleset(first, io);
    const { ruleset: after } = await openRuleset(second, io);
    const contexts = values.contexts === undefined ? undefined : await readContexts(values.contexts, io);
    const counts = new Map(
      (contexts === undefined ? [] : countAffected(before, after, contexts, nowMs)).map((entry) => [
        entry.flagKey,
        { affected: entry.affected, total: entry.total },
      ]),
    );
    const differences = diffRulesets(before, after).map((difference) => ({
      ...difference,
      ...counts.get(difference.flagKey),
    }));
    if (values.json === true) io.stdout(`${JSON.stringify({ differences })}\n`);
    else {
      for (const { flagKey, kinds, summary, affected, total } of differences) {
        io.stdout(asText(`${flagKey}  [${kinds.join(", ")}]`) + "\n" + asText(`  ${summary}`) + "\n");
        if (total !== undefined)
          io.stdout(`  ${affected ?? 0} of ${count(total, "context")} get another answer\n`);
      }
      const verb = differences.length === 1 ? "differs" : "differ";
      io.stdout(
        differences.length === 0 ? "no differences\n" : `${count(differences.length, "flag")} ${verb}\n`,
      );
    }
    return values["exit-code"] === true && differences.length > 0 ? 1 : 0;
  },
};
