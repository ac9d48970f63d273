import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import type { UnitOutcomeView } from "@flagspan/guard";
import { evaluate, readSnapshot } from "@flagspan/ruleset";
import { createApi } from "../../api.ts";
import type { Command } from "../../command.ts";
import { UsageError } from "../../command.ts";
import { refuseExtra } from "../../refuse-extra.ts";
import { fetchRuleset } from "./fetch-ruleset.ts";

/** `flagspan unit`: what one user gets, and which bad outcomes the guard holds for them; for support. */
export const unitCommand: Command = {
  name: "unit",
  summary: "what one user gets now, and what went wrong for them",
  usage: `
flagspan unit <set> <targeting key> [--context '{"country":"DE"}'] [--json]

  --context      the rest of the evaluation context, where rules read it
  --url, --key   control and a key with the scopes sync and write (default: FLAGSPAN_URL, FLAGSPAN_KEY)`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        key: { type: "string" },
        context: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const [set, targetingKey] = positionals;
    if (set === undefined || targetingKey === undefined)
      throw new UsageError("name the flag set and the user: `flagspan unit shop.prod user-42`.");
    refuseExtra("unit", positionals, 2);
    const { text, unitSecret } = await fetchRuleset(set, values, io);
    const read = readSnapshot(text);
    if (!read.ok)
      throw new UsageError(`the ruleset of ${set} cannot be read: ${read.issues[0]?.message ?? ""}`);
    const context = { ...readContext(values.context), targetingKey };
    const { ruleset } = read.snapshot;
    const flags = [...ruleset.flags.keys()].map((flag) => {
      const { variant, reason } = evaluate(ruleset, flag, context, io.now());
      const rollout = ruleset.flags.get(flag)?.metadata?.["rollout"];
      return {
        flag,
        variant: variant ?? null,
        reason,
        rollout: typeof rollout === "string" ? rollout : null,
      };
    });
    const unit = unitSecret === undefined ? undefined : nameUnit(unitSecret, targetingKey);
    const outcomes =
      unit === undefined
        ? []
        : readOutcomes(
            await createApi(values, io).send("GET", `/v1/rollouts/${encodeURIComponent(`unit:${unit}`)}`),
          );
    if (values.json)
      io.stdout(`${JSON.stringify({ set, targetingKey, unit: unit ?? null, flags, outcomes }, null, 2)}\n`);
    else io.stdout(showUnit({ set, targetingKey, unit, flags, outcomes }));
    return 0;
  },
};

/** The id under which telemetry reports a user: HMAC-SHA-256 of the targeting key, 96 bits, base64url. */
function nameUnit(secret: string, targetingKey: string): string {
  return createHmac("sha256", Buffer.from(secret, "base64url"))
    .update(targetingKey)
    .digest()
    .subarray(0, 12)
    .toString("base64url");
}

function readContext(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    const context: unknown = JSON.parse(text);
    if (typeof context === "object" && context !== null && !Array.isArray(context))
      return context as Readonly<Record<string, unknown>>;
  } catch {
    throw new UsageError(`--context is not JSON: ${text}`);
  }
  throw new UsageError("--context is a JSON object of attributes.");
}

function readOutcomes(answer: unknown): readonly UnitOutcomeView[] {
  const { rollout, outcomes } = answer as {
    rollout?: { outcomes?: readonly UnitOutcomeView[] };
    outcomes?: readonly UnitOutcomeView[];
  };
  return rollout?.outcomes ?? outcomes ?? [];
}

interface UnitView {
  readonly set: string;
  readonly targetingKey: string;
  readonly unit: string | undefined;
  readonly flags: readonly {
    readonly flag: string;
    readonly variant: string | null;
    readonly reason: string;
    readonly rollout: string | null;
  }[];
  readonly outcomes: readonly UnitOutcomeView[];
}

function showUnit(view: UnitView): string {
  const width = Math.max(4, ...view.flags.map(({ flag }) => flag.length));
  const lines = view.flags.map(
    ({ flag, variant, reason, rollout }) =>
      `  ${flag.padEnd(width)}  ${variant ?? "(code default)"}  ${reason}${rollout === null ? "" : `  rollout ${rollout}`}`,
  );
  const bad = view.outcomes.map(
    (outcome) =>
      `  ${new Date(outcome.atMs).toISOString()}  ${outcome.flag}  ${outcome.outcome}${outcome.errorType === undefined ? "" : ` (${outcome.errorType})`} as ${outcome.arm} in ${outcome.stage} of ${outcome.rollout}`,
  );
  const unit = view.unit === undefined ? "not known: the key has no sync scope" : view.unit;
  return [
    `${view.targetingKey} in ${view.set}, unit ${unit}`,
    "gets now:",
    ...lines,
    bad.length === 0 ? "no bad outcome held by a live rollout" : "went wrong:",
    ...bad,
    "",
  ].join("\n");
}
