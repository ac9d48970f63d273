import { evaluateCompiled } from "@flagspan/ruleset";
import type { Evaluation, EvaluationContext, FlagMetadata } from "@flagspan/ruleset";

import type { LiveSet } from "../ruleset/live-set.ts";
import { createUnitOf } from "./unit.ts";
import type { UnitOf } from "./unit.ts";

/** The set and revision, present in every answer. */
const ALWAYS_SHOWN = ["flagSetId", "version"] as const;
const WATCHED = ["rollout", "rolloutTreatment", "rolloutControl", "rolloutSlowMs"] as const;

/**
 * The answers of one revision, each serialised once.
 *
 * A flag has few different answers (variant and reason), so a bulk answer of a hundred flags is a join of ready
 * strings. Only what may leave is in them: of the metadata the set, the revision and what is needed to know a
 * watched flag; never a rule, an owner, a ticket or a salt.
 */
export interface Fragments {
  /** Every flag's answer, comma-separated JSON objects in flag order. */
  all(context: EvaluationContext, nowMs: number): string;
  one(flagKey: string, context: EvaluationContext, nowMs: number): { status: 200 | 400 | 404; body: string };
  /** The set-level metadata that may leave, as JSON. */
  readonly metadata: string;
}

interface Entry {
  readonly key: string;
  readonly watched: boolean;
  /** The answer that no context changes. */
  constant: string | undefined;
  readonly ready: Map<string, Fragment>;
}

/** An answer cut where the unit goes in, for flags of a running rollout. */
interface Fragment {
  readonly head: string;
  readonly tail: string;
}

/** Prepares a revision; nothing is evaluated before it is asked for. */
export function createFragments(live: LiveSet, unitOf: UnitOf = createUnitOf(live.unitSecret)): Fragments {
  const { ruleset } = live;
  const entries = [...ruleset.flags].map(([key, flag]): Entry => ({
    key,
    watched: typeof flag.metadata?.["rollout"] === "string",
    constant: undefined,
    ready: new Map(),
  }));
  const broken = [...ruleset.quarantined.keys()].filter((key) => !ruleset.flags.has(key));
  const plain = new Map(entries.map((entry) => [entry.key, entry]));

  function render(entry: Entry, context: EvaluationContext, nowMs: number): string {
    if (entry.constant !== undefined) return entry.constant;
    const evaluation = evaluateCompiled(ruleset, entry.key, context, nowMs);
    const name = `${evaluation.reason} ${evaluation.variant ?? ""} ${evaluation.errorCode ?? ""}`;
    const known = entry.ready.get(name);
    const fragment = known ?? renderFragment(entry.key, evaluation, entry.watched);
    if (known === undefined) entry.ready.set(name, fragment);
    const unit = entry.watched && typeof context["targetingKey"] === "string" ? context["targetingKey"] : "";
    const text =
      unit === ""
        ? fragment.head + fragment.tail
        : `${fragment.head},"contextId":"${unitOf(unit)}"${fragment.tail}`;
    if (!entry.watched && (evaluation.reason === "STATIC" || evaluation.reason === "DISABLED"))
      entry.constant = text;
    return text;
  }

  return {
    metadata: JSON.stringify(showMetadata(ruleset.metadata, false)),
    all(context, nowMs) {
      let joined = "";
      for (const entry of entries) {
        if (joined !== "") joined += ",";
        joined += render(entry, context, nowMs);
      }
      for (const key of broken) {
        const { head, tail } = renderFragment(key, evaluateCompiled(ruleset, key, context, nowMs), false);
        joined += `${joined === "" ? "" : ","}${head}${tail}`;
      }
      return joined;
    },
    one(flagKey, context, nowMs) {
      const entry = plain.get(flagKey) ?? {
        key: flagKey,
        watched: false,
        constant: undefined,
        ready: new Map(),
      };
      const evaluation = evaluateCompiled(ruleset, flagKey, context, nowMs);
      const status =
        evaluation.errorCode === undefined ? 200 : evaluation.errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
      return { status, body: render(entry, context, nowMs) };
    },
  };
}

function renderFragment(key: string, evaluation: Evaluation, watched: boolean): Fragment {
  const metadata = JSON.stringify(showMetadata(evaluation.metadata, watched));
  const shown =
    evaluation.errorCode === undefined
      ? {
          key,
          reason: evaluation.reason,
          ...(evaluation.variant === undefined ? {} : { variant: evaluation.variant }),
          ...(evaluation.value === undefined || evaluation.value === null ? {} : { value: evaluation.value }),
        }
      : {
          key,
          errorCode: wireCode(evaluation.errorCode),
          errorDetails: describeError(evaluation.errorCode, key),
        };
  const head = `${JSON.stringify(shown).slice(0, -1)},"metadata":${metadata.slice(0, -1)}`;
  return { head, tail: "}}" };
}

/** The codes OFREP knows for one flag; what it does not know is GENERAL. */
function wireCode(code: NonNullable<Evaluation["errorCode"]>): string {
  return code === "FLAG_NOT_FOUND" || code === "PARSE_ERROR" || code === "INVALID_CONTEXT" ? code : "GENERAL";
}

/** Own words: the evaluator's message may quote the rule, and rules do not leave. */
function describeError(code: NonNullable<Evaluation["errorCode"]>, key: string): string {
  const words: Record<typeof code, string> = {
    FLAG_NOT_FOUND: `there is no flag ${JSON.stringify(key)} in this set`,
    PARSE_ERROR: "the flag's definition is broken; its owner can see why with flagspan check",
    TYPE_MISMATCH: "the flag does not have the type asked for",
    INVALID_CONTEXT: "the flag could not be evaluated with this context",
    GENERAL: "the flag could not be evaluated with this context",
  };
  return words[code];
}

function showMetadata(metadata: FlagMetadata, watched: boolean): Record<string, string | number | boolean> {
  const names = watched ? [...ALWAYS_SHOWN, ...WATCHED] : ALWAYS_SHOWN;
  const shown: Record<string, string | number | boolean> = {};
  for (const name of names) {
    const value = metadata[name];
    if (value !== undefined) shown[name] = value;
  }
  return shown;
}
