/** The side of the split a unit is on. */
export type Arm = "treatment" | "control";

interface FastLaneBase {
  readonly flagKey: string;
  readonly flagSetId?: string;
  /** Variant the unit got; a twin such as `on.fixed` was not decided by the rollout and never counts. */
  readonly variant?: string;
  readonly rolloutId: string;
  readonly stage: string;
  readonly arm: Arm;
  readonly atMs: number;
}

/** A unit's first bad outcome of one kind in one stage, as one process saw it. */
export interface OutcomeEvent extends FastLaneBase {
  readonly kind: "outcome";
  readonly outcome: "error" | "slow";
  /** The bound a `slow` outcome exceeded. */
  readonly boundMs?: number;
  /** Who says so: `server`, `track`, `browser`; anything else is only a signal too. */
  readonly source: string;
  /** Missing where the app knows no unit: such outcomes may hold, never kill. */
  readonly unit?: string;
  readonly errorType?: string;
}

/** Ids of units newly exposed in one process, as far as they fall into its sample. */
export interface ExposuresEvent extends FastLaneBase {
  readonly kind: "exposures";
  readonly source: string;
  readonly units: readonly string[];
  /** m of the 1/m sample, a power of two. */
  readonly sample: number;
}

/** What the fast lane carries (DESIGN 4.6). */
export type FastLaneEvent = OutcomeEvent | ExposuresEvent;

/** A decoded OTLP log record, as far as the fast lane reads it. */
export interface FastLaneRecord {
  readonly eventName?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly timeUnixMs: number;
}

const longestId = 128;
const mostUnits = 50_000;
const coarsestSample = 2 ** 30;

/**
 * Reads a log record of the fast lane; anything that is not a complete `feature_flag.outcome` or `feature_flag.exposures` is undefined.
 *
 * Ids longer than 128 characters are dropped: the wire carries 16.
 */
export function parseFastLaneEvent(record: FastLaneRecord): FastLaneEvent | undefined {
  const { attributes } = record;
  const text = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" && value !== "" && value.length <= 256 ? value : undefined;
  };
  const name = record.eventName ?? text("otel.event.name") ?? text("event.name");
  const flagKey = text("feature_flag.key");
  const rolloutId = text("feature_flag.rollout.id");
  const stage = text("feature_flag.rollout.stage");
  const arm = text("feature_flag.rollout.arm");
  if (flagKey === undefined || rolloutId === undefined || stage === undefined) return undefined;
  if (arm !== "treatment" && arm !== "control") return undefined;
  const flagSetId = text("feature_flag.set.id");
  const variant = text("feature_flag.result.variant");
  const base = {
    flagKey,
    rolloutId,
    stage,
    arm,
    atMs: record.timeUnixMs,
    ...(flagSetId === undefined ? {} : { flagSetId }),
    ...(variant === undefined ? {} : { variant }),
  } as const;
  const source = text("feature_flag.outcome.source") ?? "unknown";
  if (name === "feature_flag.exposures") {
    const units = attributes["feature_flag.exposures.units"];
    const sample = attributes["feature_flag.exposures.sample"] ?? 1;
    if (!Array.isArray(units) || !isSampleSize(sample)) return undefined;
    return { ...base, kind: "exposures", source, units: units.filter(isUnit).slice(0, mostUnits), sample };
  }
  if (name !== "feature_flag.outcome") return undefined;
  const outcome = text("feature_flag.outcome.kind");
  const boundMs = attributes["feature_flag.outcome.bound_ms"];
  if (outcome !== "error" && outcome !== "slow") return undefined;
  if (outcome === "slow" && (typeof boundMs !== "number" || !(boundMs > 0))) return undefined;
  const unit = attributes["feature_flag.context.id"];
  const errorType = text("error.type");
  return {
    ...base,
    kind: "outcome",
    outcome,
    source,
    ...(outcome === "slow" ? { boundMs: boundMs as number } : {}),
    ...(isUnit(unit) ? { unit } : {}),
    ...(errorType === undefined ? {} : { errorType }),
  };
}

function isUnit(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= longestId;
}

function isSampleSize(value: unknown): value is number {
  return (
    typeof value === "number" &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= coarsestSample &&
    (value & (value - 1)) === 0
  );
}
