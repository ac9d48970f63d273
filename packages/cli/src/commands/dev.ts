import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { openMemoryStore, watchRulesetFile } from "@flagspan/control";
import { describeChange } from "@flagspan/ruleset/change";
import type { Command } from "../command.ts";
import { UsageError } from "../command.ts";
import { readSetName } from "../compose/set-name.ts";
import { refuseExtra } from "../refuse-extra.ts";
import { readConfiguration } from "../compose/configuration.ts";
import { composeHouse } from "../compose/house.ts";
import { readPort } from "../compose/port.ts";
import { openRuleset } from "../ruleset-input/open-ruleset.ts";
import { untilAborted } from "../until-aborted.ts";

/** `flagspan dev <ruleset>`: everything on one port for a user's own file. */
export const devCommand: Command = {
  name: "dev",
  summary: "serve a ruleset file on one port: API, OFREP, stream, OTLP intake and a page",
  usage: `
flagspan dev <ruleset.json> [--port 4600] [--set <name>]

Any flagd ruleset. Edits to the file are picked up at once and shown as changes. Nothing is stored: the file is the truth.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { port: { type: "string" }, set: { type: "string" } },
    });
    const file = positionals[0];
    if (file === undefined) throw new UsageError("name a ruleset file: `flagspan dev flags.json`.");
    refuseExtra("dev", positionals, 1);
    const path = resolve(io.cwd, file);
    const { ruleset, issues } = await openRuleset(file, io);
    for (const { flagKey, line, message } of issues)
      io.stderr(`${file}:${line ?? 1}: ${flagKey ?? ""}: ${message}\n`);
    const set = readSetName(values.set) ?? nameSet(ruleset.metadata["flagSetId"]);

    const store = await openMemoryStore();
    const house = await composeHouse({
      store,
      instance: "dev",
      configuration: await readConfiguration(io),
      log: (line) => io.stderr(`${line}\n`),
      pages: "open",
      // A user's own machine: apps and pages may evaluate, sync and send telemetry without a key; changes are made in the file.
      anonymous: { scopes: ["evaluate", "sync", "telemetry"], sets: ["*"] },
    });
    let told = 0;
    let telling = Promise.resolve();
    // What the file holds at the start is not news.
    let open = false;
    const tellChanges = async (): Promise<void> => {
      for (const entry of await store.audit.list({ set, after: told, limit: 1_000 })) {
        told = entry.seq;
        if (open) io.stdout(`changed  ${describeChange(entry.change)}\n`);
      }
    };
    const watcher = await watchRulesetFile(house.control, {
      path,
      set,
      onEdit: (edit) => {
        if (edit.ok) telling = telling.then(tellChanges);
        else io.stderr(`kept the last good ruleset: ${edit.problem}\n`);
      },
    });
    telling = telling.then(tellChanges);
    await telling;
    open = true;
    try {
      const { url, port } = await house.control.listen({
        port: readPort(values.port ?? io.env["PORT"], 4600),
      });
      io.stdout(
        [
          `flagspan dev: ${ruleset.flags.size} flags of set ${set}, from ${file}`,
          "",
          `  page      ${url}/`,
          `  provider  new FlagspanProvider({ url: "${url}", set: "${set}" })`,
          `  OFREP     ${url}/ofrep/v1/evaluate/flags`,
          `  OTLP      ${url}/v1/traces, /v1/logs, /v1/metrics`,
          "",
          "Edit the file and look. Ctrl-C ends it.",
          "",
        ].join("\n"),
      );
      process.send?.({ listening: port });
      await untilAborted(io.signal);
    } finally {
      await watcher.close();
      await house.close();
      await store.close();
    }
    return 0;
  },
};

/** The set's own name where it is one that control takes , else `dev`. */
function nameSet(flagSetId: unknown): string {
  return typeof flagSetId === "string" && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(flagSetId) ? flagSetId : "dev";
}
