import { sameValue } from "../diff/same-value.ts";
import type { FlagDefinition, JsonValue } from "../types.ts";
import { chooseKillVariant, type KillOptions, type KillResult } from "./kill.ts";
import { isCut, markCut, readRendered } from "./rendered.ts";
import { readConditional } from "./rule-chain.ts";
import { originalOf, twinOf } from "./twin.ts";

/** Whom a partial kill reaches: the users of one segment, or those on some versions of the app, or both. */
export interface SegmentKillOptions extends KillOptions {
  /** The name of an `$evaluators` entry. It must exist: the caller knows the set. */
  readonly segment?: string;
  readonly semver?: {
    /** The context attribute that holds the version. */
    readonly attribute: string;
    /** One of `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `^`, as flagd understands them. */
    readonly operator: string;
    readonly version: string;
  };
}

/**
 * Renders a kill for some: a clause in front that gives them one variant, the rest untouched. In a rollout they get the twin, since
 * the rollout's share did not decide for them. Killing the same part again changes nothing. No segment and no usable version: refused
 * without choices.
 *
 * On a disabled flag the clause needs the flag enabled; everyone else then keeps the code default that DISABLED gave them.
 */
export function renderSegmentKill(flag: FlagDefinition, options: SegmentKillOptions): KillResult {
  const condition = conditionOf(options);
  const chosen = chooseKillVariant(flag, options);
  if (!chosen.ok) return chosen;
  if (condition === undefined) return { ok: false, choices: [] };
  const { variant } = chosen;
  const twin = twinOf(variant);
  const isWatched = readRendered(flag.targeting) !== undefined;
  const answer = isWatched && originalOf(twin, flag.variants) === variant ? twin : variant;
  const when = markCut(condition);
  const { targeting, defaultVariant: _, ...rest } = flag;
  if (flag.state !== "ENABLED") {
    return { ok: true, variant, flag: { ...rest, state: "ENABLED", targeting: { if: [when, answer] } } };
  }
  if (standsInFront(targeting, when, answer)) return { ok: true, variant, flag };
  const tail = targeting === undefined || sameValue(targeting, {}) ? [] : [targeting];
  return { ok: true, variant, flag: { ...flag, targeting: { if: [when, answer, ...tail] } } };
}

const operators = ["=", "!=", "<", "<=", ">", ">=", "~", "^"];

function conditionOf({ segment, semver }: SegmentKillOptions): JsonValue | undefined {
  const inSegment: JsonValue | undefined =
    segment === undefined || segment === "" ? undefined : { $ref: segment };
  if (semver === undefined) return inSegment;
  if (semver.attribute === "" || semver.version === "" || !operators.includes(semver.operator))
    return undefined;
  const onVersion: JsonValue = { sem_ver: [{ var: semver.attribute }, semver.operator, semver.version] };
  return inSegment === undefined ? onVersion : { and: [inSegment, onVersion] };
}

/** Whether the clause is one of those that earlier kills put in front. */
function standsInFront(targeting: JsonValue | undefined, when: JsonValue, answer: string): boolean {
  let [first, result, rest] = readConditional(targeting) ?? [];
  while (first !== undefined && isCut(first)) {
    if (sameValue(first, when)) return result === answer;
    [first, result, rest] = readConditional(rest) ?? [];
  }
  return false;
}
