import { hash } from "node:crypto";

import { evaluateCompiled } from "@flagspan/ruleset";
import type { Evaluation, EvaluationContext, FlagDefinition, FlagMetadata } from "@flagspan/ruleset";

import type { LiveSet } from "../ruleset/live-set.ts";
import { createUnitOf } from "./unit.ts";
import type { UnitOf } from "./unit.ts";

/** The set and revision, present in every answer. */
const ALWAYS_SHOWN = ["flagSetId", "version"] as const;
const WATCHED = ["rollout", "rolloutTreatment", "rolloutControl", "rolloutSlowMs"] as const;

/** More different answers of one flag than this are made anew each time. */
const MAX_READY = 64;

/**
 * The answers of one revision, each serialised once.
 *
 * A flag has few different answers (variant and reason), so a bulk answer of a hundred flags is a join of ready
 * strings, and its hash is the hash of their hashes. Only what may leave is in them: of the metadata the set, the
 * revision and what is needed to know a watched flag; never a rule, an owner, a ticket or a salt.
 */
export interface Fragments {
  /** Every flag's answer: first those that no context changes, then the others, each in flag order. */
  all(context: EvaluationContext, nowMs: number): JoinedAnswers;
  one(flagKey: string, context: EvaluationContext, nowMs: number): { status: 200 | 400 | 404; body: string };
  /** The set-level metadata that may leave, as JSON. */
  readonly metadata: string;
}

/** A list of answers. */
export interface JoinedAnswers {
  /** Comma-separated JSON objects. */
  readonly text: string;
  /** Length of `text` in UTF-8. */
  readonly bytes: number;
  /** Equal for equal texts, and only for them; the same in every process. */
  readonly digest: string;
}

interface Entry {
  readonly key: string;
  readonly watched: boolean;
  readonly ready: Fragment[];
}

/** An answer cut where the unit goes in, for flags of a running rollout. */
interface Rendered {
  readonly reason: Evaluation["reason"];
  readonly variant: Evaluation["variant"] | undefined;
  readonly errorCode: Evaluation["errorCode"] | undefined;
  readonly head: string;
  readonly tail: string;
  readonly text: string;
  readonly bytes: number;
}

interface Fragment extends Rendered {
  readonly digest: string;
}

/** Prepares a revision; nothing is evaluated before it is asked for. */
export function createFragments(live: LiveSet, unitOf: UnitOf = createUnitOf(live.unitSecret)): Fragments {
  const { ruleset } = live;
  const entries = [...ruleset.flags].map(([key, flag]) => toEntry(key, flag));
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  let prepared: { readonly constant: JoinedAnswers; readonly varying: readonly Entry[] } | undefined;

  function evaluate(entry: Entry, context: EvaluationContext, nowMs: number): Fragment {
    const evaluation = evaluateCompiled(ruleset, entry.key, context, nowMs);
    for (const known of entry.ready) {
      if (
        known.variant === evaluation.variant &&
        known.reason === evaluation.reason &&
        known.errorCode === evaluation.errorCode
      )
        return known;
    }
    const rendered = renderFragment(entry.key, evaluation, entry.watched);
    const made: Fragment = { ...rendered, digest: digestOf(rendered.text) };
    if (entry.ready.length < MAX_READY) entry.ready.push(made);
    return made;
  }

  function prepare(nowMs: number): NonNullable<typeof prepared> {
    const varying: Entry[] = [];
    const constant: string[] = [];
    for (const entry of entries) {
      const evaluation = evaluateCompiled(ruleset, entry.key, {}, nowMs);
      if (entry.watched || (evaluation.reason !== "STATIC" && evaluation.reason !== "DISABLED")) {
        varying.push(entry);
      } else constant.push(renderFragment(entry.key, evaluation, false).text);
    }
    for (const key of ruleset.quarantined.keys()) {
      if (byKey.has(key)) continue;
      constant.push(renderFragment(key, evaluateCompiled(ruleset, key, {}, nowMs), false).text);
    }
    const text = constant.join(",");
    return { constant: { text, bytes: Buffer.byteLength(text), digest: digestOf(text) }, varying };
  }

  return {
    metadata: JSON.stringify(showMetadata(ruleset.metadata, false)),
    all(context, nowMs) {
      const { constant, varying } = (prepared ??= prepare(nowMs));
      let { text, bytes, digest } = constant;
      const targetingKey = context["targetingKey"];
      const unit = typeof targetingKey === "string" ? targetingKey : "";
      for (const entry of varying) {
        const answer = evaluate(entry, context, nowMs);
        if (text !== "") {
          text += ",";
          bytes += 1;
        }
        digest += answer.digest;
        if (entry.watched && unit !== "") {
          const contextId = `,"contextId":"${unitOf(unit)}"`;
          text += answer.head + contextId + answer.tail;
          bytes += answer.bytes + contextId.length;
          digest += contextId;
        } else {
          text += answer.text;
          bytes += answer.bytes;
        }
      }
      return { text, bytes, digest };
    },
    one(flagKey, context, nowMs) {
      const entry = byKey.get(flagKey) ?? { key: flagKey, watched: false, ready: [] };
      const { head, tail, text, errorCode } = evaluate(entry, context, nowMs);
      const status = errorCode === undefined ? 200 : errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
      const unit = context["targetingKey"];
      return entry.watched && typeof unit === "string" && unit !== ""
        ? { status, body: `${head},"contextId":"${unitOf(unit)}"${tail}` }
        : { status, body: text };
    },
  };
}

function toEntry(key: string, flag: FlagDefinition): Entry {
  return { key, watched: typeof flag.metadata?.["rollout"] === "string", ready: [] };
}

/** 96 bits of SHA-256: an answer is told apart from other answers to the same question, not from an attacker's. */
function digestOf(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 16);
}

function renderFragment(key: string, evaluation: Evaluation, watched: boolean): Rendered {
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
  const { reason, variant, errorCode } = evaluation;
  const head = `${JSON.stringify(shown).slice(0, -1)},"metadata":${metadata.slice(0, -1)}`;
  const tail = "}}";
  const text = head + tail;
  const bytes = Buffer.byteLength(text);
  return { reason, variant, errorCode, head, tail, text, bytes };
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
