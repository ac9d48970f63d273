import { parseArgs } from "node:util";
import { explain } from "@flagspan/ruleset";
import type { Command } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { contextOptions, contextUsage, readContext } from "../../ruleset-input/context-options.ts";
import { assertFlag, readTime } from "../../ruleset-input/flag-argument.ts";
import { openRuleset } from "../../ruleset-input/open-ruleset.ts";
import { printExplanation } from "./print-explanation.ts";

/** `flagspan explain`: which rule decided, and what each condition saw. */
export const explainCommand: Command = {
  name: "explain",
  summary: "show which rule of a flag decided for a context, with the values it saw",
  usage: `
flagspan explain <ruleset> <flag> [-c targetingKey=ada]… [--context-file <file>] [--at <time>] [--json]

${contextUsage}
  --at <time>                explain the answer as of this time (RFC 3339); default now
  --json                     one JSON document on standard output

Exit code 0: answered; 1: the flag answers with an error; 2: wrong use, or not a ruleset.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...contextOptions, at: { type: "string" }, json: { type: "boolean" } },
    });
    const [file, flagKey] = positionals;
    if (file === undefined || flagKey === undefined || positionals.length > 2) {
      throw new UsageError(
        "name a ruleset file and a flag: `flagspan explain flags.json dark-mode -c targetingKey=ada`.",
      );
    }
    const nowMs = readTime(values.at, io.now());
    const context = await readContext(values, io);
    const opened = await openRuleset(file, io);
    assertFlag(opened.ruleset, flagKey, file);
    const explanation = explain(opened.ruleset, flagKey, context, nowMs);
    if (values.json === true) io.stdout(`${JSON.stringify(explanation)}\n`);
    else io.stdout(printExplanation(explanation, opened));
    return explanation.evaluation.errorCode === undefined ? 0 : 1;
  },
};
