import { parseDuration } from "./duration.ts";
import type { Approval, Hold, Stage } from "./plan.ts";
import { describePath } from "./plan-issue.ts";
import type { PlanReader } from "./plan-issue.ts";

type Path = readonly (string | number)[];

const approvals: Readonly<Record<string, Approval>> = {
  none: "none",
  required: "write",
  write: "write",
  admin: "admin",
};

/** Reads `stages`: a list of mappings, or the short form `internal,1%,10%` in which a word is a segment. */
export function parseStages(value: unknown, defaultHold: Hold, reader: PlanReader): readonly Stage[] {
  const list = typeof value === "string" ? readShortForm(value) : value;
  if (!Array.isArray(list) || list.length === 0) {
    reader.report(
      "missing",
      ["stages"],
      "stages needs at least one entry, e.g. stages: [{ percent: 1 }, { percent: 100 }].",
    );
    return [];
  }
  const stages = list.flatMap(
    (entry, index) => parseStage(entry, ["stages", index], defaultHold, reader) ?? [],
  );
  checkOrder(stages, reader);
  return stages;
}

/** Reads `hold`: a duration, or a mapping with `min`, `units` and `approval`. */
export function parseHold(value: unknown, path: Path, fallback: Hold, reader: PlanReader): Hold {
  if (value === undefined) return fallback;
  const plain = parseDuration(value);
  if (plain !== undefined) return { ...fallback, minMs: plain };
  const fields = reader.fields(value, path, ["min", "units", "approval"]);
  if (fields === undefined) return fallback;
  const minMs = fields["min"] === undefined ? fallback.minMs : parseDuration(fields["min"]);
  if (minMs === undefined)
    reader.report("invalid", [...path, "min"], `${describePath(path)}.min is a duration such as 15m.`);
  const units = fields["units"] ?? fallback.units;
  if (typeof units !== "number" || !Number.isInteger(units) || units < 0)
    reader.report(
      "invalid",
      [...path, "units"],
      `${describePath(path)}.units is a number of distinct units, e.g. 2000.`,
    );
  const wanted = fields["approval"] ?? "none";
  const approval =
    typeof wanted === "string" && Object.hasOwn(approvals, wanted) ? approvals[wanted] : undefined;
  if (approval === undefined)
    reader.report(
      "invalid",
      [...path, "approval"],
      `${describePath(path)}.approval is none, required, write or admin.`,
    );
  return {
    minMs: minMs ?? fallback.minMs,
    units: typeof units === "number" ? units : fallback.units,
    approval: approval ?? fallback.approval,
  };
}

function parseStage(value: unknown, path: Path, defaultHold: Hold, reader: PlanReader): Stage | undefined {
  const fields = reader.fields(value, path, ["segment", "percent", "hold", "notBefore"]);
  if (fields === undefined) return undefined;
  const hold = parseHold(fields["hold"], [...path, "hold"], defaultHold, reader);
  const notBeforeMs = parseMoment(fields["notBefore"], [...path, "notBefore"], reader);
  const schedule = notBeforeMs === undefined ? {} : { notBeforeMs };
  const { segment, percent } = fields as { segment?: unknown; percent?: unknown };
  if (typeof segment === "string" && /^[A-Za-z0-9][\w.-]*$/.test(segment) && percent === undefined)
    return { kind: "segment", name: segment, segment, hold, ...schedule };
  if (typeof percent === "number" && percent >= 0 && percent <= 100 && segment === undefined)
    return { kind: "percent", name: `${percent}pct`, percent, hold, ...schedule };
  return reader.report(
    "invalid",
    path,
    `${describePath(path)} needs either segment (a name from $evaluators) or percent (0 to 100).`,
  );
}

/** Reads an ISO 8601 moment with its offset; a local time without one would mean something else on every machine. */
export function parseMoment(value: unknown, path: Path, reader: PlanReader): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === "string" && /(Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  return reader.report(
    "invalid",
    path,
    `${describePath(path)} is a moment with an offset, e.g. "2026-12-01T09:00:00+01:00".`,
  );
}

function checkOrder(stages: readonly Stage[], reader: PlanReader): void {
  let percent = -1;
  const names = new Set<string>();
  for (const [index, stage] of stages.entries()) {
    if (names.has(stage.name))
      reader.report(
        "order",
        ["stages", index],
        `stage ${stage.name} appears twice; every stage is its own stratum.`,
      );
    names.add(stage.name);
    if (stage.kind === "segment" && percent >= 0)
      reader.report(
        "order",
        ["stages", index],
        `segment ${stage.segment} comes after a percentage; put segments first.`,
      );
    if (stage.kind === "percent") {
      if (stage.percent <= percent)
        reader.report(
          "order",
          ["stages", index],
          `${stage.percent}% does not rise above ${percent}%; percentages only grow.`,
        );
      percent = Math.max(percent, stage.percent);
    }
  }
}

function readShortForm(text: string): readonly unknown[] {
  return text.split(",").map((word) => {
    const match = /^(\d+(?:\.\d+)?)%$/.exec(word.trim());
    return match === null ? { segment: word.trim() } : { percent: Number(match[1]) };
  });
}
