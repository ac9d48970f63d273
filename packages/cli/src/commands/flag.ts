import { parseArgs } from "node:util";
import { createApi } from "../api.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../command.ts";
import { refuseExtra } from "../refuse-extra.ts";
import { openRuleset } from "../ruleset-input/open-ruleset.ts";
import { parseAny } from "../ruleset-input/parse-any.ts";
import { readPart } from "./rollout/read-part.ts";
import { readInput } from "../ruleset-input/read-input.ts";

const actions = ["get", "set", "import", "enable", "disable", "kill", "restore", "delete"] as const;

/** `flagspan flag`: reads and changes one flag through control. */
export const flagCommand: Command = {
  name: "flag",
  summary: "read, change, kill or restore one flag",
  usage: `
flagspan flag get <set> <key>
flagspan flag set <set> <key> --file flag.json --reason "why"
flagspan flag import <set> --file flags.json --reason "why"
flagspan flag enable|disable|delete|restore <set> <key> --reason "why"
flagspan flag kill <set> <key> --reason "why" [--variant off] [--segment internal | --semver "appVersion < 2.3.1"]

  import    a whole ruleset takes the place of the set's, each flag that differs as a change; needs the scope admin
  kill      now, for everyone: the control variant, latched until restore; for one segment or some versions: theirs, until the next write
  --url, --key   control and the key (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        key: { type: "string" },
        reason: { type: "string" },
        file: { type: "string" },
        variant: { type: "string" },
        segment: { type: "string" },
        semver: { type: "string" },
      },
    });
    const [word, set, flag] = positionals;
    const action = actions.find((known) => known === word);
    if (action === undefined) throw new UsageError(`say what to do: ${actions.join(", ")}.`);
    if (set === undefined || (flag === undefined && action !== "import"))
      throw new UsageError(
        `name the flag set and the flag: \`flagspan flag ${action} shop.prod dark-mode\`.`,
      );
    refuseExtra("flag", positionals, action === "import" ? 2 : 3);
    const api = createApi(values, io);
    const path = `/v1/flags/${encodeURIComponent(set)}/${encodeURIComponent(flag ?? "")}`;
    const reason = (): string => {
      if (values.reason === undefined)
        throw new UsageError("--reason is missing; the next person will want to know why.");
      return values.reason;
    };
    const readNamed = async (holds: string): Promise<unknown> => {
      if (values.file === undefined)
        throw new UsageError(`--file is missing: a JSON or YAML file with ${holds}.`);
      return parseAny(values.file, await readInput(values.file, io));
    };
    const importFrom = async (): Promise<unknown> => {
      const why = reason();
      const ruleset = await readNamed("the ruleset");
      // Told here with the line, before anything is sent.
      await openRuleset(values.file ?? "", io);
      return api.send("PUT", `/v1/rulesets/${encodeURIComponent(set)}`, { ruleset, reason: why });
    };
    const patch = (state: "ENABLED" | "DISABLED"): Promise<unknown> =>
      api.send("PATCH", path, { flag: { state }, reason: reason() });
    const { variant, segment, semver } = values;
    const target = { ...(variant === undefined ? {} : { variant }), ...readPart(segment, semver) };
    const run: Readonly<Record<(typeof actions)[number], () => Promise<unknown>>> = {
      get: () => api.send("GET", path),
      set: async () =>
        api.send("PUT", path, { reason: reason(), flag: await readNamed("the flag's definition") }),
      import: importFrom,
      enable: () => patch("ENABLED"),
      disable: () => patch("DISABLED"),
      delete: () => api.send("DELETE", path, { reason: reason() }),
      restore: () => api.send("POST", `${path}/restore`, { reason: reason() }),
      kill: () => api.send("POST", `${path}/kill`, { reason: reason(), ...target }),
    };
    io.stdout(`${JSON.stringify(await run[action](), null, 2)}\n`);
    return 0;
  },
};
