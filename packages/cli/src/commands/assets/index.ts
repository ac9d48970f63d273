import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { flagAssets } from "@flagspan/bridge/assets";
import { parseRulesetText } from "@flagspan/ruleset";
import { createApi } from "../../api.ts";
import { UsageError, type Command, type CommandIo } from "../../command.ts";
import { readAssetFlags } from "./read-asset-flags.ts";

/** `flagspan assets`: dashboards, rules, monitors and runbooks, as files. */
export const assetsCommand: Command = {
  name: "assets",
  summary: "write dashboards, alert rules, monitors and runbooks for flags",
  usage: `
flagspan assets [<flag> …] --set <set> [--out observability] [--all]
flagspan assets [<flag> …] --ruleset flags.json [--set <set>] [--out observability]

Writes grafana/, prometheus/, datadog/ and runbooks/ under --out; without flags, for every flag under rollout (--all: for all).
The same ruleset gives the same bytes.

  --runbooks <url>   where the runbooks will be read; runbook_url starts with it
  --url, --key       control and the key (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        set: { type: "string" },
        ruleset: { type: "string" },
        out: { type: "string", default: "observability" },
        all: { type: "boolean", default: false },
        runbooks: { type: "string" },
        url: { type: "string" },
        key: { type: "string" },
      },
    });
    const text = await readText(values, io);
    const parsed = parseRulesetText(text);
    if (!parsed.ok) {
      const first = parsed.issues[0]?.message ?? "it cannot be read";
      throw new UsageError(`the ruleset is unusable: ${first} (\`flagspan check\` lists everything).`);
    }
    const named = parsed.ruleset.metadata["flagSetId"];
    const set = values.set ?? (typeof named === "string" ? named : "default");
    const flags = readAssetFlags(parsed.ruleset, set, positionals, values.all);
    if (flags.length === 0) {
      io.stdout(`no flag of ${set} is under rollout; name flags, or say --all\n`);
      return 0;
    }
    const folder = resolve(io.cwd, values.out);
    for (const file of flags.flatMap((flag) => flagAssets(flag, values.runbooks))) {
      const path = join(folder, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.text);
      io.stdout(`${join(values.out, file.path)}\n`);
    }
    return 0;
  },
};

async function readText(
  values: { readonly ruleset?: string; readonly set?: string; readonly url?: string; readonly key?: string },
  io: CommandIo,
): Promise<string> {
  if (values.ruleset !== undefined) {
    const path = resolve(io.cwd, values.ruleset);
    return io.readFile(path).catch(() => {
      throw new UsageError(`${values.ruleset ?? ""} cannot be read; name a ruleset file.`);
    });
  }
  if (values.set === undefined)
    throw new UsageError("say where the flags are: --set <set> or --ruleset <file>.");
  const document = await createApi(values, io).send("GET", `/v1/rulesets/${encodeURIComponent(values.set)}`);
  return JSON.stringify(document);
}
