import { parseArgs } from "node:util";
import { evaluate } from "@flagspan/ruleset";
import type { Evaluation, FlagValueType } from "@flagspan/ruleset";
import type { Command } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { contextOptions, contextUsage, readContext } from "../../ruleset-input/context-options.ts";
import { assertFlag, readTime } from "../../ruleset-input/flag-argument.ts";
import { openRuleset } from "../../ruleset-input/open-ruleset.ts";
import { asText } from "../../ruleset-input/print-issue.ts";

const types: readonly FlagValueType[] = ["boolean", "string", "number", "object"];

/** `flagspan eval`: what a context gets. */
export const evalCommand: Command = {
  name: "eval",
  summary: "evaluate one flag of a ruleset file, or all of them, for a context",
  usage: `
flagspan eval <ruleset> [<flag>] [-c targetingKey=ada]… [--context-file <file>] [--type boolean] [--at <time>] [--json]

${contextUsage}
  --type <type>              boolean, string, number or object: another type is TYPE_MISMATCH
  --at <time>                evaluate as of this time (RFC 3339); default now
  --json                     one JSON document on standard output

Exit code 0: answered (the code default included); 1: a flag answers with an error; 2: wrong use, or not a ruleset.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...contextOptions,
        type: { type: "string" },
        at: { type: "string" },
        json: { type: "boolean" },
      },
    });
    const [file, flagKey, extra] = positionals;
    if (file === undefined)
      throw new UsageError("name a ruleset file: `flagspan eval flags.json dark-mode`.");
    if (extra !== undefined)
      throw new UsageError(`"${extra}" is one too many: name one flag, or none for all.`);
    const type = types.find((known) => known === values.type);
    if (values.type !== undefined && type === undefined) {
      throw new UsageError(`--type ${values.type}: choose from ${types.join(", ")}.`);
    }
    const nowMs = readTime(values.at, io.now());
    const context = await readContext(values, io);
    const { ruleset } = await openRuleset(file, io);
    if (flagKey !== undefined) assertFlag(ruleset, flagKey, file);
    const keys = flagKey === undefined ? [...ruleset.flags.keys(), ...ruleset.quarantined.keys()] : [flagKey];
    const answers = keys.map((key) => ({ flagKey: key, ...evaluate(ruleset, key, context, nowMs, type) }));
    if (values.json === true) io.stdout(`${JSON.stringify(flagKey === undefined ? answers : answers[0])}\n`);
    else for (const answer of answers) io.stdout(`${printEvaluation(answer, flagKey === undefined)}\n`);
    return answers.some((answer) => answer.errorCode !== undefined) ? 1 : 0;
  },
};

function printEvaluation(answer: Evaluation & { readonly flagKey: string }, isOneOfMany: boolean): string {
  const value = answer.value === undefined ? "(code default)" : JSON.stringify(answer.value);
  const variant = answer.variant === undefined ? "" : ` variant ${answer.variant},`;
  const problem =
    answer.errorCode === undefined ? "" : `: ${answer.errorCode}, ${answer.errorMessage ?? "no details"}`;
  const prefix = isOneOfMany ? `${answer.flagKey} = ` : "";
  return asText(
    `${prefix}${value}  (${variant.trimStart()}${variant === "" ? "" : " "}reason ${answer.reason}${problem})`,
  );
}
