import { parseDuration } from "./duration.ts";
import type { Guardrail } from "./plan.ts";
import { describePath } from "./plan-issue.ts";
import type { PlanReader } from "./plan-issue.ts";

type Path = readonly (string | number)[];

const known = ["outcome", "tolerate", "limit", "overMs", "query", "above", "alert"];

/** Reads one entry of `guardrails`; an outcome, query or alert nobody can measure is an issue, never a silent pass. */
export function parseGuardrail(value: unknown, path: Path, reader: PlanReader): Guardrail | undefined {
  const fields = reader.fields(value, path, known);
  if (fields === undefined) return undefined;
  const kinds = ["outcome", "query", "alert"].filter((kind) => fields[kind] !== undefined);
  if (kinds.length !== 1)
    return reader.report(
      "invalid",
      path,
      `${describePath(path)} needs exactly one of outcome, query or alert.`,
    );
  if (fields["query"] !== undefined) return parseQuery(fields, path, reader);
  if (fields["alert"] !== undefined) return parseAlert(fields, path, reader);
  return parseOutcome(fields, path, reader);
}

type Fields = Readonly<Record<string, unknown>>;

function parseOutcome(fields: Fields, path: Path, reader: PlanReader): Guardrail | undefined {
  const outcome = fields["outcome"];
  if (outcome !== "error" && outcome !== "slow")
    return reader.report(
      "invalid",
      [...path, "outcome"],
      `outcome ${JSON.stringify(outcome)} is not measured; telemetry reports error and slow.`,
    );
  const overMs = parseBounds(fields["overMs"], [...path, "overMs"], reader);
  if (outcome === "error" && overMs.length > 0)
    return reader.report(
      "invalid",
      [...path, "overMs"],
      "overMs belongs to outcome: slow; leave it out here.",
    );
  if (fields["limit"] !== undefined) {
    const limit = parseShare(fields["limit"]);
    if (limit === undefined || fields["tolerate"] !== undefined)
      return reader.report(
        "invalid",
        [...path, "limit"],
        "limit is a share of exposed units such as 20%, between 0% and 100% and without tolerate.",
      );
    if (outcome === "slow" && overMs.length !== 1)
      return reader.report(
        "invalid",
        [...path, "overMs"],
        "a limit on slow units needs one bound, e.g. overMs: [900].",
      );
    return {
      kind: "limit",
      id: `limit:${outcome}${overMs.length > 0 ? `:${overMs[0]}` : ""}`,
      outcome,
      limit,
      overMs,
    };
  }
  const tolerate = fields["tolerate"] ?? 1.1;
  if (typeof tolerate !== "number" || !(tolerate >= 1 && tolerate <= 10))
    return reader.report(
      "invalid",
      [...path, "tolerate"],
      "tolerate is the rate ratio allowed, from 1 to 10, e.g. 1.1.",
    );
  return { kind: "ratio", id: outcome, outcome, tolerate, overMs };
}

function parseQuery(fields: Fields, path: Path, reader: PlanReader): Guardrail | undefined {
  const { query, above } = fields as { query?: unknown; above?: unknown };
  if (typeof query !== "string" || query.trim() === "")
    return reader.report(
      "invalid",
      [...path, "query"],
      "query is a PromQL expression that yields one number.",
    );
  if (above !== undefined && (typeof above !== "number" || !Number.isFinite(above)))
    return reader.report(
      "invalid",
      [...path, "above"],
      "above is the number over which the query holds the rollout.",
    );
  return { kind: "query", id: `query:${query}`, query, ...(above === undefined ? {} : { above }) };
}

function parseAlert(fields: Fields, path: Path, reader: PlanReader): Guardrail | undefined {
  const { alert } = fields as { alert?: unknown };
  if (typeof alert !== "string" || alert.trim() === "")
    return reader.report("invalid", [...path, "alert"], "alert is the name of an inbound alert.");
  return { kind: "alert", id: `alert:${alert}`, alert };
}

function parseBounds(value: unknown, path: Path, reader: PlanReader): readonly number[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const bounds = list.map((entry) => (typeof entry === "number" ? entry : parseDuration(entry)));
  if (list.length > 5 || bounds.some((bound) => bound === undefined || !(bound > 0))) {
    reader.report("invalid", path, "overMs is one to five bounds in milliseconds, e.g. [250, 900].");
    return [];
  }
  return [...new Set(bounds as number[])].sort((a, b) => a - b);
}

function parseShare(value: unknown): number | undefined {
  const share =
    typeof value === "number"
      ? value
      : typeof value === "string" && /^\d+(\.\d+)?%$/.test(value)
        ? Number(value.slice(0, -1)) / 100
        : Number.NaN;
  return share > 0 && share < 1 ? share : undefined;
}
