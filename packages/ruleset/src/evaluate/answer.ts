import type { FlagEntry } from "../flag-map.ts";
import { isRecord } from "../json.ts";
import type {
  Evaluation,
  EvaluationContext,
  EvaluationErrorCode,
  FlagMetadata,
  FlagValueType,
  JsonValue,
  Ruleset,
} from "../types.ts";
import { RuleFailure } from "./failure.ts";

/** Computes what a flag's targeting yields; may fail with RuleFailure, or with whatever a context's getter throws. */
export type Decide = (
  entry: FlagEntry,
  context: EvaluationContext,
  flagKey: string,
  nowMs: number,
) => unknown;

/** An evaluation made once and handed out every time, with the type of its value; without one there is no value. */
interface Answer {
  readonly evaluation: Evaluation;
  readonly type: FlagValueType | undefined;
}

/** Everything about a flag that does not depend on the context. */
interface Prepared {
  readonly setMetadata: FlagMetadata;
  readonly metadata: FlagMetadata;
  /** The answer of a flag whose targeting is not asked: disabled, or without targeting. */
  readonly fixed: Answer | undefined;
  /** The answer when targeting yields null. */
  readonly fallback: Answer;
  readonly matches: ReadonlyMap<string, Answer>;
}

/** Walks flagd's order of cases for one flag. Never throws. */
export function answerWith(
  decide: Decide,
  ruleset: Ruleset,
  entry: FlagEntry | undefined,
  flagKey: string,
  context: EvaluationContext,
  nowMs: number,
  type: FlagValueType | undefined,
): Evaluation {
  if (entry === undefined) return answerUnknown(ruleset, flagKey);
  let prepared = entry.prepared as Prepared | undefined;
  if (prepared === undefined || prepared.setMetadata !== ruleset.metadata) {
    prepared = prepare(entry, ruleset.metadata);
    entry.prepared = prepared;
  }
  if (prepared.fixed !== undefined) return typed(prepared.fixed, type, prepared, flagKey);
  try {
    const result = decide(entry, context, flagKey, nowMs);
    const match = typeof result === "string" ? prepared.matches.get(result) : undefined;
    if (match !== undefined) return typed(match, type, prepared, flagKey);
    return answerResult(result, type, prepared, flagKey);
  } catch (error) {
    return answerFailure(error, prepared.metadata, flagKey);
  }
}

function typed(
  answer: Answer,
  type: FlagValueType | undefined,
  prepared: Prepared,
  flagKey: string,
): Evaluation {
  if (type === undefined || answer.type === type || answer.type === undefined) return answer.evaluation;
  const { metadata } = prepared;
  const message = `flag "${flagKey}" has a ${answer.type} value, a ${type} was asked for`;
  return failed("TYPE_MISMATCH", message, metadata);
}

function answerResult(
  result: unknown,
  type: FlagValueType | undefined,
  prepared: Prepared,
  flagKey: string,
): Evaluation {
  if (result === null || result === undefined) return typed(prepared.fallback, type, prepared, flagKey);
  if (typeof result === "object") return answerObject(result, type, prepared, flagKey);
  if (typeof result === "number" && !Number.isFinite(result)) {
    return failed(
      "PARSE_ERROR",
      `flag "${flagKey}" yields ${result}, which is no JSON number`,
      prepared.metadata,
    );
  }
  return answerNamed(Object.is(result, -0) ? "-0" : `${result as string | number}`, type, prepared, flagKey);
}

function answerNamed(
  variant: string,
  type: FlagValueType | undefined,
  prepared: Prepared,
  flagKey: string,
): Evaluation {
  const match = prepared.matches.get(variant);
  if (match !== undefined) return typed(match, type, prepared, flagKey);
  return failed("GENERAL", `flag "${flagKey}" yields "${variant}", none of its variants`, prepared.metadata);
}

/** An object result names its variant and may give its own reason, and metadata that wins over the flag's (flagd#2013). */
function answerObject(
  result: object,
  type: FlagValueType | undefined,
  prepared: Prepared,
  flagKey: string,
): Evaluation {
  const { metadata } = prepared;
  const variant = isRecord(result) ? own(result, "variant") : undefined;
  if (!isRecord(result) || typeof variant !== "string") {
    const code = isRecord(result) ? "PARSE_ERROR" : "GENERAL";
    return failed(code, `flag "${flagKey}" yields a list or object that names no variant`, metadata);
  }
  const answer = answerNamed(variant, type, prepared, flagKey);
  if (answer.errorCode !== undefined) return answer;
  const reason = own(result, "reason");
  const details = own(result, "details");
  const described = mergeMetadata(
    metadata,
    typeof details === "string" && details !== "" ? { details } : undefined,
  );
  return Object.freeze({
    ...answer,
    ...(typeof reason === "string" && reason !== "" ? { reason } : {}),
    metadata: mergeMetadata(described, own(result, "metadata")),
  });
}

function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function answerUnknown(ruleset: Ruleset, flagKey: string): Evaluation {
  const issue = ruleset.quarantined.size === 0 ? undefined : ruleset.quarantined.get(flagKey);
  if (issue !== undefined) {
    return failed("PARSE_ERROR", `flag "${flagKey}" cannot be evaluated: ${issue.message}`, ruleset.metadata);
  }
  return failed("FLAG_NOT_FOUND", `the ruleset has no flag ${flagKey}`, ruleset.metadata);
}

function answerFailure(error: unknown, metadata: FlagMetadata, flagKey: string): Evaluation {
  if (error instanceof RuleFailure) {
    return failed(error.code, `flag "${flagKey}": ${error.message}`, metadata);
  }
  return failed(
    "INVALID_CONTEXT",
    `the context of flag "${flagKey}" cannot be read: a property throws`,
    metadata,
  );
}

function failed(errorCode: EvaluationErrorCode, errorMessage: string, metadata: FlagMetadata): Evaluation {
  return { reason: "ERROR", errorCode, errorMessage, metadata };
}

function prepare(entry: FlagEntry, setMetadata: FlagMetadata): Prepared {
  const { state, variants, defaultVariant, targeting, metadata: ownMetadata } = entry.definition;
  const metadata = mergeMetadata(setMetadata, ownMetadata);
  const matches = new Map(
    Object.entries(variants).map(([variant, value]) => [
      variant,
      answer("TARGETING_MATCH", metadata, variant, value),
    ]),
  );
  const hasDefault = typeof defaultVariant === "string" && defaultVariant !== "";
  const value = hasDefault ? (variants[defaultVariant] ?? null) : null;
  const byDefault = (reason: "STATIC" | "DEFAULT"): Answer =>
    hasDefault ? answer(reason, metadata, defaultVariant, value) : answer("DEFAULT", metadata);
  let fixed: Answer | undefined;
  if (state === "DISABLED") fixed = answer("DISABLED", metadata);
  else if (!hasTargeting(targeting)) fixed = byDefault("STATIC");
  return { setMetadata, metadata, fixed, fallback: byDefault("DEFAULT"), matches };
}

/** `{}` is no targeting; `null` is one that yields null. */
function hasTargeting(targeting: JsonValue | undefined): boolean {
  if (targeting === undefined) return false;
  return !isRecord(targeting) || Object.keys(targeting).length > 0;
}

function answer(
  reason: Evaluation["reason"],
  metadata: FlagMetadata,
  variant?: string,
  value?: JsonValue,
): Answer {
  if (variant === undefined || value === undefined) {
    return { evaluation: Object.freeze({ reason, metadata }), type: undefined };
  }
  const type = typeof value === "object" ? "object" : typeof value;
  return { evaluation: Object.freeze({ value, variant, reason, metadata }), type: type as FlagValueType };
}

/** The set's metadata with the flag's on top; nulls and what is no scalar are skipped. */
function mergeMetadata(base: FlagMetadata, top: unknown): FlagMetadata {
  if (!isRecord(top)) return base;
  const scalars = Object.entries(top).filter(([, value]) =>
    ["string", "number", "boolean"].includes(typeof value),
  ) as [string, string | number | boolean][];
  return scalars.length === 0
    ? base
    : Object.freeze(Object.fromEntries([...Object.entries(base), ...scalars]));
}
