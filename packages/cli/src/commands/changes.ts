import { parseArgs } from "node:util";
import { describeChange, parseFlagChange } from "@flagspan/ruleset/change";
import { createApi } from "../api.ts";
import type { Command } from "../command.ts";

/** `flagspan changes`: the audit log as sentences, oldest first. */
export const changesCommand: Command = {
  name: "changes",
  summary: "list what changed, who did it and why",
  usage: `
flagspan changes [--set shop.prod] [--flag dark-mode] [--after <cursor>] [--json]
flagspan changes --verify      check the hash chain of the audit log

  --url, --key   control and the key (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: "string" },
        key: { type: "string" },
        set: { type: "string" },
        flag: { type: "string" },
        after: { type: "string" },
        json: { type: "boolean", default: false },
        verify: { type: "boolean", default: false },
      },
    });
    const api = createApi(values, io);
    if (values.verify) {
      const verdict = await api.send<{ ok: boolean }>("GET", "/v1/changes/verify");
      io.stdout(`${JSON.stringify(verdict)}\n`);
      return verdict.ok ? 0 : 1;
    }
    const query = new URLSearchParams();
    for (const name of ["set", "flag", "after"] as const) {
      const value = values[name];
      if (value !== undefined) query.set(name, value);
    }
    const page = await api.send<{ changes: { change: unknown }[] }>("GET", `/v1/changes?${query.toString()}`);
    if (values.json) {
      io.stdout(`${JSON.stringify(page, null, 2)}\n`);
      return 0;
    }
    for (const { change } of page.changes) {
      const parsed = parseFlagChange(change);
      if (parsed.ok)
        io.stdout(
          `${parsed.change.occurredAt}  ${parsed.change.flagSetId}  ${describeChange(parsed.change)}\n`,
        );
    }
    return 0;
  },
};
