import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AppliedReport } from "@flagspan/guard";
import { createApi } from "../../api.ts";
import type { Api } from "../../api.ts";
import type { Command, CommandIo } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { refuseExtra } from "../../refuse-extra.ts";
import { measureDrill } from "./measure-drill.ts";
import type { DrillResult } from "./measure-drill.ts";

const prefix = "kill drill";

/** `flagspan drill`: how long a kill would take to be everywhere, measured without switching anything off. */
export const drillCommand: Command = {
  name: "drill",
  summary: "measure decision to everywhere on live connections, changing no answer",
  usage: `
flagspan drill <flag> --set shop.prod [--within 10s] [--json]
flagspan drill <flag> --set shop.prod --history

  Writes a revision that differs only in the flag's metadata, waits until every connected instance has applied it, and takes it back with the result as
  its reason: the change log is the history. Exit code 1 if not everybody had it in time.
  --url, --key   control and a key with the scopes write and sync (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        key: { type: "string" },
        set: { type: "string" },
        within: { type: "string", default: "10s" },
        history: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [flag] = positionals;
    const { set } = values;
    if (flag === undefined || set === undefined)
      throw new UsageError("name the flag and its set: `flagspan drill dark-mode --set shop.prod`.");
    refuseExtra("drill", positionals, 1);
    const within = /^(\d+)s?$/.exec(values.within)?.[1];
    if (within === undefined)
      throw new UsageError(`--within is "${values.within}"; it is a number of seconds, e.g. 10s.`);
    const api = createApi(values, io);
    if (values.history) return showHistory(api, set, flag, io);
    const result = await drill(api, set, flag, Number(within) * 1000, io);
    if (values.json) io.stdout(`${JSON.stringify(result)}\n`);
    else io.stdout(`${describeDrill(result)}\n${result.late.map((name) => `  late: ${name}\n`).join("")}`);
    return result.applied < result.connected ? 1 : 0;
  },
};

async function drill(
  api: Api,
  set: string,
  flag: string,
  withinMs: number,
  io: CommandIo,
): Promise<DrillResult> {
  const path = `/v1/flags/${encodeURIComponent(set)}/${encodeURIComponent(flag)}`;
  const startedMs = io.now();
  const { revision } = await api.send<{ revision: string | number }>("PATCH", path, {
    flag: { metadata: { drill: new Date(startedMs).toISOString() } },
    reason: `${prefix}: no answer changes`,
  });
  let report = await readApplied(api, set, revision);
  while (report.applied < report.connected && io.now() - startedMs < withinMs && !io.signal.aborted) {
    await wait(50);
    report = await readApplied(api, set, revision);
  }
  const result = measureDrill(report, String(revision), startedMs, io.now());
  await api.send("PATCH", path, {
    flag: { metadata: { drill: null } },
    reason: `${prefix}: ${describeDrill(result)}`,
  });
  return result;
}

async function readApplied(api: Api, set: string, revision: string | number): Promise<AppliedReport> {
  return api.send("GET", `/v1/rulesets/${encodeURIComponent(set)}/applied?revision=${revision}`);
}

function describeDrill(result: DrillResult): string {
  const { applied, connected, p50Ms, p99Ms, maxMs, revision } = result;
  const times = connected === 0 ? "nobody is connected" : `p50 ${p50Ms} ms, p99 ${p99Ms} ms, max ${maxMs} ms`;
  return `${applied} of ${connected} connected instances applied revision ${revision}: ${times}`;
}

async function showHistory(api: Api, set: string, flag: string, io: CommandIo): Promise<number> {
  const query = new URLSearchParams({ set, flag });
  const { changes } = await api.send<{
    changes: readonly {
      occurredAt?: string;
      reason?: string;
      change?: { occurredAt: string; reason?: string };
    }[];
  }>("GET", `/v1/changes?${query.toString()}`);
  const drills = changes
    .map((entry) => entry.change ?? entry)
    .filter(
      (change) =>
        change.reason?.startsWith(`${prefix}: `) === true && change.reason.includes("applied revision"),
    );
  if (drills.length === 0) io.stdout(`no drill of ${flag} yet\n`);
  for (const change of drills)
    io.stdout(`${change.occurredAt ?? ""}  ${change.reason?.slice(prefix.length + 2) ?? ""}\n`);
  return 0;
}
