import { parseArgs } from "node:util";
import { createApi } from "../api.ts";
import type { Command, CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";

const actions = ["get", "set", "enable", "disable", "kill", "restore", "delete"] as const;

/** `flagspan flag`: reads and changes one flag through control. */
export const flagCommand: Command = {
  name: "flag",
  summary: "read, change, kill or restore one flag",
  usage: `
flagspan flag get <set> <key>
flagspan flag set <set> <key> --file flag.json --reason "why"
flagspan flag enable|disable|delete|restore <set> <key> --reason "why"
flagspan flag kill <set> <key> --reason "why" [--variant off] [--segment internal]

  kill      now, for everyone (or for one segment): the control variant, latched until restore
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
      },
    });
    const [word, set, flag] = positionals;
    const action = actions.find((known) => known === word);
    if (action === undefined) throw new UsageError(`say what to do: ${actions.join(", ")}.`);
    if (set === undefined || flag === undefined)
      throw new UsageError(
        `name the flag set and the flag: \`flagspan flag ${action} shop.prod dark-mode\`.`,
      );
    const api = createApi(values, io);
    const path = `/v1/flags/${encodeURIComponent(set)}/${encodeURIComponent(flag)}`;
    const reason = (): string => {
      if (values.reason === undefined)
        throw new UsageError("--reason is missing; the next person will want to know why.");
      return values.reason;
    };
    const setFrom = async (file: string | undefined): Promise<unknown> => {
      if (file === undefined)
        throw new UsageError("--file is missing: a JSON file with the flag's definition.");
      return api.send("PUT", path, { flag: await readJson(file, io), reason: reason() });
    };
    const patch = (state: "ENABLED" | "DISABLED"): Promise<unknown> =>
      api.send("PATCH", path, { flag: { state }, reason: reason() });
    const { variant, segment } = values;
    const target = {
      ...(variant === undefined ? {} : { variant }),
      ...(segment === undefined ? {} : { segment }),
    };
    const run: Readonly<Record<(typeof actions)[number], () => Promise<unknown>>> = {
      get: () => api.send("GET", path),
      set: () => setFrom(values.file),
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

async function readJson(file: string, io: CommandIo): Promise<unknown> {
  const text = await io.readFile(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
