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

/** Computes what a flag's targeting yields, a RuleFailure where it fails; never throws. */
export type Decide = (
  entry: FlagEntry,
  context: EvaluationContext,
  flagKey: string,
  nowMs: number,
) => unknown;

/** Everything about a flag that does not depend on the context; each answer is made once and handed out every time. */
interface Prepared {
  readonly setMetadata: FlagMetadata;
  readonly metadata: FlagMetadata;
  /** The answer of a flag whose targeting is not asked: disabled, or without targeting. */
  readonly fixed: Evaluation | undefined;
  /** By what targeting yields: a variant's name, or nothing. */
  readonly matches: ReadonlyMap<unknown, Evaluation>;
  /** The first two of them, which most flags have only: to compare is faster than to look up. */
  readonly first: Evaluation;
  readonly second: Evaluation;
}

/**
 * Walks flagd's order of cases for one flag. Never throws. What is rare is written elsewhere: an engine puts a rule's
 * closures in line as long as all of it is short (in V8 920 bytecodes), which halves the time of a small rule.
 */
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
  const known = entry.prepared as Prepared | undefined;
  const prepared = known?.setMetadata === ruleset.metadata ? known : prepare(entry, ruleset.metadata);
  let answer = prepared.fixed;
  if (answer === undefined) {
    const result = decide(entry, context, flagKey, nowMs);
    answer = matchOf(result, prepared) ?? answerOther(result, prepared, flagKey);
  }
  const { value } = answer;
  if (type === undefined || value === undefined || typeof value === type) return answer;
  const message = `its value is a ${typeof value}, a ${type} was asked for`;
  return failed(new RuleFailure("TYPE_MISMATCH", message), flagKey, prepared.metadata);
}

function matchOf(result: unknown, { matches, first, second }: Prepared): Evaluation | undefined {
  if (result === first.variant) return first;
  return result === second.variant ? second : matches.get(result);
}

/** The answer where targeting yields neither a variant's name nor nothing. */
function answerOther(result: unknown, { metadata, matches }: Prepared, flagKey: string): Evaluation {
  const fail = (code: EvaluationErrorCode, what: string): Evaluation =>
    failed(new RuleFailure(code, `its targeting yields ${what}`), flagKey, metadata);
  if (result instanceof RuleFailure) return failed(result, flagKey, metadata);
  if (typeof result === "number" && !Number.isFinite(result))
    return fail("PARSE_ERROR", `${result}, no JSON number`);
  // An object names its variant and may give its own reason, and metadata that wins over the flag's (flagd#2013).
  const described = isRecord(result) ? result : { variant: toVariant(result) };
  if (typeof described["variant"] !== "string")
    return fail(isRecord(result) ? "PARSE_ERROR" : "GENERAL", "a list or object that names no variant");
  const match = matches.get(described["variant"]);
  if (match === undefined) return fail("GENERAL", `"${described["variant"]}", none of its variants`);
  const { reason, details } = described;
  return Object.freeze({
    ...match,
    reason: isText(reason) ? reason : match.reason,
    metadata: mergeMetadata(
      mergeMetadata(metadata, isText(details) ? { details } : undefined),
      described["metadata"],
    ),
  });
}

/** The variant that a scalar names. */
function toVariant(result: unknown): string | undefined {
  if (Array.isArray(result)) return undefined;
  return Object.is(result, -0) ? "-0" : String(result);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function answerUnknown({ quarantined, metadata }: Ruleset, flagKey: string): Evaluation {
  const issue = quarantined.size > 0 ? quarantined.get(flagKey) : undefined;
  if (issue) return failed({ code: "PARSE_ERROR", message: issue.message }, flagKey, metadata);
  // Apps go on asking for flags that are gone: one join of texts, not three.
  const errorMessage = `the ruleset has no flag ${flagKey}`;
  return { reason: "ERROR", errorCode: "FLAG_NOT_FOUND", errorMessage, metadata };
}

function failed({ code, message }: RuleFailure, flagKey: string, metadata: FlagMetadata): Evaluation {
  return { reason: "ERROR", errorCode: code, errorMessage: `flag "${flagKey}": ${message}`, metadata };
}

function prepare(entry: FlagEntry, setMetadata: FlagMetadata): Prepared {
  const { state, variants, defaultVariant, targeting, metadata: ownMetadata } = entry.definition;
  const metadata = mergeMetadata(setMetadata, ownMetadata);
  const answer = (reason: Evaluation["reason"], variant?: string): Evaluation =>
    Object.freeze(
      variant === undefined
        ? { reason, metadata }
        : { value: variants[variant] ?? null, variant, reason, metadata },
    );
  const named = isText(defaultVariant) ? defaultVariant : undefined;
  const fallback = answer("DEFAULT", named);
  const matches = new Map<unknown, Evaluation>(
    Object.keys(variants).map((variant) => [variant, answer("TARGETING_MATCH", variant)]),
  );
  const [first = fallback, second = fallback] = matches.values();
  matches.set(null, fallback).set(undefined, fallback);
  let fixed: Evaluation | undefined;
  if (state === "DISABLED") fixed = answer(state);
  else if (!hasTargeting(targeting)) fixed = named === undefined ? fallback : answer("STATIC", named);
  const prepared: Prepared = { setMetadata, metadata, fixed, matches, first, second };
  entry.prepared = prepared;
  return prepared;
}

/** `{}` is no targeting; `null` is one that yields null. */
function hasTargeting(targeting: JsonValue | undefined): boolean {
  return targeting !== undefined && !(isRecord(targeting) && Object.keys(targeting).length === 0);
}

/** The set's metadata with the flag's on top; nulls and what is no scalar are skipped. */
function mergeMetadata(base: FlagMetadata, top: unknown): FlagMetadata {
  if (!isRecord(top)) return base;
  const scalars = Object.entries(top).filter(([, value]) => typeof value !== "object");
  return Object.freeze({ ...base, ...Object.fromEntries(scalars) }) as FlagMetadata;
}
