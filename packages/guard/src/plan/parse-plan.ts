import { parseDuration } from "./duration.ts";
import { parseFreezeWindow } from "./freeze-window.ts";
import type { FreezeWindow } from "./freeze-window.ts";
import { parseGuardrail } from "./parse-guardrail.ts";
import { parseHold, parseMoment, parseStages } from "./parse-stage.ts";
import type { BreachAction, Guardrail, Hold, Plan } from "./plan.ts";
import { PlanReader } from "./plan-issue.ts";
import type { PlanIssue } from "./plan-issue.ts";

/** What a plan document may leave to its surroundings. */
export interface ParsePlanOptions {
  /** Flag set where the document names none. */
  readonly set?: string;
  /** Flag where the document names none, so that one template serves many flags. */
  readonly flag?: string;
}

/** A plan, or everything that is wrong with the document. */
export type ParsePlanResult =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly issues: readonly PlanIssue[] };

const known = [
  "set",
  "flagSetId",
  "flag",
  "treatment",
  "control",
  "salt",
  "stages",
  "hold",
  "guardrails",
  "alpha",
  "onBreach",
  "onNoData",
  "onSampleRatioMismatch",
  "noDataAfter",
  "freeze",
  "startAt",
  "dryRun",
];

const defaultHold: Hold = { minMs: 15 * 60_000, units: 0, approval: "none" };
const breachActions: readonly BreachAction[] = ["kill", "dial-down", "pause", "alert"];

/**
 * Parses a rollout plan from already parsed YAML or JSON (DESIGN 4.7); all issues are told at once.
 *
 * Defaults: treatment `on`, control `off`, hold 15 minutes, one guardrail on errors that tolerates 1.1, alpha 0.01, `onBreach: kill`, everything
 * else holds. `stages` may be the short form `"internal,1%,10%,100%"` with a top-level `hold`.
 */
export function parsePlan(document: unknown, options: ParsePlanOptions = {}): ParsePlanResult {
  const reader = new PlanReader();
  const fields = reader.fields(document, [], known);
  if (fields === undefined) return { ok: false, issues: reader.issues };
  const text = (name: string, fallback: string | undefined, advice: string): string => {
    const value = fields[name] ?? fallback;
    if (typeof value === "string" && value !== "") return value;
    reader.report(value === undefined ? "missing" : "invalid", [name], advice);
    return "";
  };
  const choice = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = fields[name] ?? fallback;
    if (allowed.includes(value as T)) return value as T;
    reader.report("invalid", [name], `${name} is one of ${allowed.join(", ")}.`);
    return fallback;
  };
  const flagKey = text("flag", options.flag, "flag is the key of the flag to roll out.");
  const flagSetId = text(
    fields["set"] === undefined && fields["flagSetId"] !== undefined ? "flagSetId" : "set",
    options.set,
    "set is the flag set the flag lives in, e.g. set: shop.prod.",
  );
  const treatment = text("treatment", "on", "treatment is the name of the new variant.");
  const control = text("control", "off", "control is the name of the variant everybody else keeps.");
  if (treatment === control)
    reader.report("invalid", ["control"], "treatment and control must be different variants.");
  const hold = parseHold(fields["hold"], ["hold"], defaultHold, reader);
  const stages = parseStages(fields["stages"], hold, reader);
  const alpha = fields["alpha"] ?? 0.01;
  if (typeof alpha !== "number" || !(alpha > 0 && alpha <= 0.1))
    reader.report(
      "invalid",
      ["alpha"],
      "alpha is the chance of one false kill, above 0 and at most 0.1, e.g. 0.01.",
    );
  const noDataAfterMs = parseDuration(fields["noDataAfter"] ?? "10m");
  if (noDataAfterMs === undefined)
    reader.report("invalid", ["noDataAfter"], "noDataAfter is a duration such as 10m.");
  const startAtMs = parseMoment(fields["startAt"], ["startAt"], reader);
  const salt = fields["salt"];
  if (salt !== undefined && (typeof salt !== "string" || salt === ""))
    reader.report("invalid", ["salt"], "salt is a text; leave it out to take the rollout's id.");
  const dryRun = fields["dryRun"] ?? false;
  if (typeof dryRun !== "boolean") reader.report("invalid", ["dryRun"], "dryRun is true or false.");
  const plan: Plan = {
    flagSetId,
    flagKey,
    treatment,
    control,
    ...(typeof salt === "string" ? { salt } : {}),
    stages,
    guardrails: parseGuardrails(fields["guardrails"], reader),
    alpha: alpha as number,
    onBreach: choice("onBreach", breachActions, "kill"),
    onNoData: choice("onNoData", ["hold", "alert"] as const, "hold"),
    onSampleRatioMismatch: choice("onSampleRatioMismatch", ["hold", "alert"] as const, "hold"),
    noDataAfterMs: noDataAfterMs ?? 0,
    freeze: parseFreeze(fields["freeze"], reader),
    ...(startAtMs === undefined ? {} : { startAtMs }),
    dryRun: dryRun === true,
  };
  return reader.issues.length === 0 ? { ok: true, plan } : { ok: false, issues: reader.issues };
}

function parseGuardrails(value: unknown, reader: PlanReader): readonly Guardrail[] {
  if (value === undefined)
    return [{ kind: "ratio", id: "error", outcome: "error", tolerate: 1.1, overMs: [] }];
  if (!Array.isArray(value)) {
    reader.report(
      "invalid",
      ["guardrails"],
      "guardrails is a list, e.g. [{ outcome: error, tolerate: 1.1 }].",
    );
    return [];
  }
  const guardrails = value.flatMap(
    (entry, index) => parseGuardrail(entry, ["guardrails", index], reader) ?? [],
  );
  for (const [index, guardrail] of guardrails.entries())
    if (guardrails.findIndex((other) => other.id === guardrail.id) !== index)
      reader.report("invalid", ["guardrails", index], `${guardrail.id} is guarded twice; keep one of them.`);
  return guardrails;
}

function parseFreeze(value: unknown, reader: PlanReader): readonly FreezeWindow[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return list.flatMap((entry, index) => {
    const window = typeof entry === "string" ? parseFreezeWindow(entry) : undefined;
    return (
      window ??
      reader.report(
        "invalid",
        ["freeze", index],
        'a freeze window reads "Fri 16:00 - Mon 08:00 Europe/Berlin": two weekdays with times and an IANA time zone.',
      ) ??
      []
    );
  });
}
