import { parseArgs } from "node:util";
import { createKey, type Scope } from "@flagspan/control";
import type { Command } from "../command.ts";
import { UsageError } from "../command.ts";
import { readSetName } from "../compose/set-name.ts";
import { refuseExtra } from "../refuse-extra.ts";
import { openStore } from "../compose/store.ts";

/** Every scope there is; a `Record`, so that a new one cannot be forgotten here. */
const scopes: Readonly<Record<Scope, true>> = {
  evaluate: true,
  sync: true,
  telemetry: true,
  write: true,
  kill: true,
  admin: true,
};
const keyScopes = Object.keys(scopes) as readonly Scope[];
const actorTypes = ["user", "api", "automation"] as const;

/** `flagspan keys create`: writes a key straight into the store and shows its secret once. */
export const keysCommand: Command = {
  name: "keys",
  summary: "create a key in a store; its secret is shown once",
  usage: `
flagspan keys create --store <url> --name <who> --scopes <list> [--sets <list>] [--actor user|api|automation] [--json]

  --store   file path of the SQLite store, or postgres://… (default: DATABASE_URL, else .flagspan/control.db)
  --scopes  comma-separated: ${keyScopes.join(", ")}
  --sets    comma-separated flag sets, or * for all (default)
  --actor   what changes made with it are signed as (default: api)

Stop a control that holds the SQLite file first, or use its admin API.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        store: { type: "string" },
        name: { type: "string" },
        scopes: { type: "string" },
        sets: { type: "string", default: "*" },
        actor: { type: "string", default: "api" },
        json: { type: "boolean", default: false },
      },
    });
    if (positionals[0] !== "create")
      throw new UsageError("say `flagspan keys create --name <who> --scopes <list>`.");
    refuseExtra("keys", positionals, 1);
    if (values.name === undefined || values.name.trim() === "")
      throw new UsageError("--name is missing: who or what will use the key?");
    const actorType = actorTypes.find((type) => type === values.actor);
    if (actorType === undefined)
      throw new UsageError(`--actor is "${values.actor}"; it can be ${actorTypes.join(", ")}.`);
    const keyRequest = { scopes: readScopes(values.scopes), sets: readSets(values.sets) };
    const store = await openStore(values.store, io);
    try {
      const key = await createKey(store, {
        name: values.name,
        ...keyRequest,
        actorType,
      });
      io.stdout(values.json ? `${JSON.stringify(key)}\n` : `${key.token}\n`);
      if (!values.json) io.stderr("Keep it now: only its hash is stored.\n");
      return 0;
    } finally {
      await store.close();
    }
  },
};

function readScopes(list: string | undefined): readonly Scope[] {
  if (list === undefined) throw new UsageError(`--scopes is missing; choose from ${keyScopes.join(", ")}.`);
  return list.split(",").map((word) => {
    const scope = keyScopes.find((known) => known === word.trim());
    if (scope === undefined)
      throw new UsageError(`unknown scope "${word.trim()}"; choose from ${keyScopes.join(", ")}.`);
    return scope;
  });
}

function readSets(list: string): readonly string[] {
  return list.split(",").map((word) => (word.trim() === "*" ? "*" : readSetName(word.trim())));
}
