import type { LogRecord, Span } from "@flagspan/bridge/otlp";

/** How many spans (or logs) know their flags. */
export interface Coverage {
  readonly total: number;
  /** Carry at least one flag. */
  readonly tagged: number;
  /** Belong to a trace with an evaluation and ended (were written) more than 2 ms after its first one. */
  readonly eligible: number;
  /** Eligible, and yet without the flag that was evaluated first. */
  readonly untaggedAfterEvaluation: number;
}

/**
 * The first evaluation of each trace: when, and of which flag. Log timestamps are whole milliseconds, so several evaluations, of
 * several services even, can share the first one.
 */
export interface FirstEvaluation {
  readonly atUnixMs: number;
  readonly flagKeys: readonly string[];
}

/** By trace id. */
export type FirstEvaluations = ReadonlyMap<string, FirstEvaluation>;

/** Clock reading and rounding between two processes of one machine. */
const slackMs = 2;

/** Finds the first `feature_flag.evaluation` event of every trace. */
export function findFirstEvaluations(records: readonly LogRecord[]): FirstEvaluations {
  const first = new Map<string, FirstEvaluation>();
  for (const record of records) {
    if (record.eventName !== "feature_flag.evaluation" || record.traceId === undefined) continue;
    const atUnixMs = Math.round(record.timeUnixMs);
    const flagKey = String(record.attributes["feature_flag.key"]);
    const known = first.get(record.traceId);
    if (known === undefined || atUnixMs < known.atUnixMs)
      first.set(record.traceId, { atUnixMs, flagKeys: [flagKey] });
    else if (atUnixMs === known.atUnixMs)
      first.set(record.traceId, { atUnixMs, flagKeys: [...known.flagKeys, flagKey] });
  }
  return first;
}

/** Coverage of spans, by the time they ended. */
export function coverSpans(spans: readonly Span[], first: FirstEvaluations): Coverage {
  return cover(
    spans.map((span) => ({ traceId: span.traceId, atUnixMs: span.endUnixMs, attributes: span.attributes })),
    first,
  );
}

/** What telemetry tells the guard, not what a service logs; it names its flag itself. Seen here where outcomes go through the collector. */
const toldToGuard: ReadonlySet<string> = new Set(["feature_flag.outcome", "feature_flag.exposures"]);

/** Coverage of log records, by the time they were written. */
export function coverLogs(records: readonly LogRecord[], first: FirstEvaluations): Coverage {
  const written = records.filter(({ eventName = "" }) => !toldToGuard.has(eventName));
  return cover(
    written.map((record) => ({
      traceId: record.traceId,
      atUnixMs: record.timeUnixMs,
      attributes: record.attributes,
    })),
    first,
  );
}

/** The eligible spans without the flag, as lines that lead to them. */
export function describeUntagged(spans: readonly Span[], first: FirstEvaluations): readonly string[] {
  return spans
    .filter((span) => {
      const evaluation = first.get(span.traceId);
      return isUntagged(evaluation, span.endUnixMs, span.attributes);
    })
    .map((span) => {
      const evaluation = first.get(span.traceId);
      const late = (span.endUnixMs - (evaluation?.atUnixMs ?? 0)).toFixed(1);
      return `${String(span.resource["service.name"])} ${span.kind} ${span.name} ended ${late} ms after ${evaluation?.flagKeys.join(", ") ?? "?"} was evaluated, trace ${span.traceId}, carries ${
        Object.keys(span.attributes)
          .filter((name) => name.startsWith("feature_flag"))
          .join(" ") || "no flag"
      }`;
    });
}

interface Tagged {
  readonly traceId: string | undefined;
  readonly atUnixMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

function cover(items: readonly Tagged[], first: FirstEvaluations): Coverage {
  let tagged = 0;
  let eligible = 0;
  let untaggedAfterEvaluation = 0;
  for (const item of items) {
    if (Object.keys(item.attributes).some((name) => name.startsWith("feature_flags."))) tagged += 1;
    const evaluation = item.traceId === undefined ? undefined : first.get(item.traceId);
    if (evaluation === undefined || item.atUnixMs <= evaluation.atUnixMs + slackMs) continue;
    eligible += 1;
    if (isUntagged(evaluation, item.atUnixMs, item.attributes)) untaggedAfterEvaluation += 1;
  }
  return { total: items.length, tagged, eligible, untaggedAfterEvaluation };
}

function isUntagged(
  evaluation: FirstEvaluation | undefined,
  atUnixMs: number,
  attributes: Readonly<Record<string, unknown>>,
): boolean {
  if (evaluation === undefined || atUnixMs <= evaluation.atUnixMs + slackMs) return false;
  return !evaluation.flagKeys.some((flagKey) => `feature_flags.${flagKey}` in attributes);
}
