import { parseArgs } from "node:util";
import { renderReport } from "@flagspan/guard";
import type { RolloutView } from "@flagspan/guard";
import { createApi } from "../../api.ts";
import type { Api } from "../../api.ts";
import type { Command, CommandIo } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { refuseExtra } from "../../refuse-extra.ts";
import { readPlanDocument } from "./read-plan.ts";
import { readPart } from "./read-part.ts";
import { showRollout, showRollouts } from "./show-rollout.ts";
import { watchRollout } from "./watch-rollout.ts";

const verbs = ["pause", "resume", "approve", "abort", "dial-down"] as const;
const words = ["start", "status", ...verbs, "report"] as const;

const options = {
  url: { type: "string" },
  key: { type: "string" },
  set: { type: "string" },
  template: { type: "string" },
  stages: { type: "string" },
  hold: { type: "string" },
  treatment: { type: "string" },
  control: { type: "string" },
  alpha: { type: "string" },
  reason: { type: "string" },
  stage: { type: "string" },
  segment: { type: "string" },
  semver: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  watch: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

/** `flagspan rollout`: starts rollouts by plan and tells them what to do. */
export const rolloutCommand: Command = {
  name: "rollout",
  summary: "roll a flag out by plan, watch it, and take it back",
  usage: `
flagspan rollout start <flag> --stages internal,1%,10%,50%,100% --hold 15m
flagspan rollout start <flag> --set shop.prod --template standard-48h
flagspan rollout start <plan.yaml>           a plan as in the guard's README
flagspan rollout status [<rollout or flag>] [--watch] [--json]
flagspan rollout pause|resume|approve|dial-down <rollout or flag> [--stage 1%] [--reason "why"]
flagspan rollout abort <rollout or flag> [--segment internal] [--semver "appVersion < 2.3.1"] [--reason "why"]
flagspan rollout report <rollout or flag> [--json]

  start          --set shop.prod, needed where several sets have the flag
                 templates: standard-48h, cautious-week, instant-with-guard, dark-launch
                 --treatment on --control off --alpha 0.01 --dry-run (decides and tells, never acts)
  abort          everybody gets control; with --segment or --semver only that part of the users
  report         Markdown for a ticket, or JSON
  --url, --key   control and the key (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [first, subject] = positionals;
    const word = words.find((known) => known === first);
    if (word === undefined) throw new UsageError(`say what to do: ${words.join(", ")}.`);
    refuseExtra("rollout", positionals, 2);
    const api = createApi(values, io);
    const reason = values.reason === undefined ? {} : { reason: values.reason };
    if (word === "start") {
      const document = await readPlanDocument(need(subject, "a flag or a plan file"), values, io, (flag) =>
        findSet(api, flag),
      );
      const view = await send(api, "POST", "/v1/rollouts", { ...document, ...reason, start: true });
      return show(api, view, values, io);
    }
    if (word === "status" && subject === undefined) {
      const rollouts = await list(api);
      io.stdout(values.json ? `${JSON.stringify(rollouts, null, 2)}\n` : showRollouts(rollouts));
      return 0;
    }
    const view = await find(api, need(subject, "a rollout or its flag"));
    if (word === "status") return show(api, view, values, io);
    if (word === "report") {
      io.stdout(values.json ? `${JSON.stringify(view, null, 2)}\n` : renderReport(view));
      return 0;
    }
    const body = {
      ...reason,
      ...(values.stage === undefined ? {} : { stage: values.stage }),
      ...(word === "abort" ? readPart(values.segment, values.semver) : {}),
    };
    return show(api, await send(api, "POST", `${pathOf(view.id)}/${word}`, body), values, io);
  },
};

function need(subject: string | undefined, what: string): string {
  if (subject === undefined) throw new UsageError(`name ${what}; \`flagspan rollout --help\` shows how.`);
  return subject;
}

/** The one set that has this flag, by what was changed so far. */
async function findSet(api: Api, flag: string): Promise<string> {
  const { changes } = await api.send<{ changes: readonly { readonly change: { flagSetId: string } }[] }>(
    "GET",
    `/v1/changes?flag=${encodeURIComponent(flag)}`,
  );
  const sets = [...new Set(changes.map(({ change }) => change.flagSetId))];
  if (sets.length === 1) return sets[0] ?? "";
  throw new UsageError(
    sets.length === 0
      ? `no flag set has ${flag} here; name the set with --set, e.g. --set shop.prod.`
      : `${flag} is in ${sets.join(", ")}; name one with --set.`,
  );
}

function pathOf(id: string): string {
  return `/v1/rollouts/${encodeURIComponent(id)}`;
}

/** Control answers `{ rollout }`. */
async function send(api: Api, method: string, path: string, body?: unknown): Promise<RolloutView> {
  const answer = await api.send<{ rollout?: RolloutView } & RolloutView>(method, path, body);
  return answer.rollout ?? answer;
}

async function list(api: Api): Promise<readonly RolloutView[]> {
  return (await api.send<{ rollouts: readonly RolloutView[] }>("GET", "/v1/rollouts")).rollouts;
}

/** A rollout by its id, or the latest one of a flag. */
async function find(api: Api, subject: string): Promise<RolloutView> {
  const rollouts = await list(api);
  const found =
    rollouts.find((view) => view.id === subject) ?? rollouts.findLast((view) => view.flag === subject);
  if (found === undefined)
    throw new UsageError(
      `there is no rollout of or named "${subject}"; \`flagspan rollout status\` lists ${rollouts.length === 0 ? "none" : rollouts.map((view) => view.id).join(", ")}.`,
    );
  return send(api, "GET", pathOf(found.id));
}

async function show(
  api: Api,
  view: RolloutView,
  values: { readonly watch: boolean; readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  if (values.json) io.stdout(`${JSON.stringify(view, null, 2)}\n`);
  else if (values.watch) return watchRollout(async () => send(api, "GET", pathOf(view.id)), io);
  else io.stdout(showRollout(view, io.now()));
  return 0;
}
