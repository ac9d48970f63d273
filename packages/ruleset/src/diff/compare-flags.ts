import type { FlagChangeAction, FlagSummary } from "../change/flag-change.ts";
import { readBase } from "../rollout/base.ts";
import { readRendered, type RenderedTargeting } from "../rollout/rendered.ts";
import { dropRolloutMetadata } from "../rollout/rollout-metadata.ts";
import { readArguments } from "../rollout/rule-chain.ts";
import { originalOf, withoutTwins } from "../rollout/twin.ts";
import type { FlagDefinition, JsonValue } from "../types.ts";
import type { DifferenceKind } from "./flag-difference.ts";
import { sameValue } from "./same-value.ts";

/** A flag on one side of a comparison. */
export interface ComparedFlag {
  readonly flag: FlagDefinition;
  readonly summary: FlagSummary;
  readonly evaluators: ReadonlyMap<string, JsonValue>;
}

/** What differs between the two sides. */
export interface FlagComparison {
  readonly action: FlagChangeAction;
  readonly kinds: readonly DifferenceKind[];
  readonly segments: readonly string[];
}

/** Compares two definitions of one flag; no kinds means that they mean the same. */
export function compareFlags(previous: ComparedFlag, current: ComparedFlag): FlagComparison {
  const left = previous.flag;
  const right = current.flag;
  const kinds: DifferenceKind[] = [];
  const add = (kind: DifferenceKind, differs: boolean): void => {
    if (differs) kinds.push(kind);
  };
  if (left.state !== right.state) kinds.push(right.state === "ENABLED" ? "enabled" : "disabled");
  add("default", plainDefault(left) !== plainDefault(right));
  add("targeting", !sameRules(left, right));
  add("rollout", !sameShares(previous, current));
  const segments = touchedSegments(previous, current);
  add("segments", segments.length > 0);
  add("variants", !sameValue(plainVariants(left), plainVariants(right)));
  add("metadata", !sameValue(dropRolloutMetadata(left.metadata), dropRolloutMetadata(right.metadata)));
  // Definitions that only differ in what no evaluation reads still have other bytes: say so rather than nothing.
  const rest = kinds.length === 0 && !sameValue(left, right);
  if (rest) kinds.push("metadata");
  return { action: actionOf(kinds), kinds, segments };
}

function actionOf(kinds: readonly DifferenceKind[]): FlagChangeAction {
  if (kinds.includes("enabled")) return "enabled";
  if (kinds.includes("disabled")) return "disabled";
  return kinds.includes("rollout") ? "rollout" : "updated";
}

function plainDefault({ defaultVariant, variants }: FlagDefinition): string | null {
  if (defaultVariant === undefined || defaultVariant === null || defaultVariant === "") return null;
  return originalOf(defaultVariant, variants) ?? defaultVariant;
}

function plainVariants(flag: FlagDefinition): FlagDefinition["variants"] {
  return readRendered(flag.targeting) === undefined ? flag.variants : withoutTwins(flag.variants);
}

/** Whether the rules are the same but for shares and for whom a rollout chooses. */
function sameRules(left: FlagDefinition, right: FlagDefinition): boolean {
  if (sameValue(plainTargeting(left.targeting), plainTargeting(right.targeting))) return true;
  const before = readRendered(left.targeting);
  const after = readRendered(right.targeting);
  if (before !== undefined && after !== undefined) return sameValue(frameOf(before), frameOf(after));
  if (before === undefined && after === undefined) {
    return sameValue(eraseWeights(left.targeting ?? null), eraseWeights(right.targeting ?? null));
  }
  const base = readBase(before === undefined ? right : left);
  const other = before === undefined ? left : right;
  if (base === undefined || base.cuts.length > 0) return false;
  return sameValue(plainTargeting(base.flag.targeting), plainTargeting(dropDefaultTail(other)));
}

function plainTargeting(targeting: JsonValue | undefined): JsonValue {
  return targeting === undefined || sameValue(targeting, {}) ? null : targeting;
}

/** The targeting without a last branch that says what the default says anyway. */
function dropDefaultTail(flag: FlagDefinition): JsonValue | undefined {
  const values = readArguments(flag.targeting, "if");
  if (values === undefined || values.length % 2 === 0 || values.length < 3) return flag.targeting;
  return values.at(-1) === flag.defaultVariant ? { if: values.slice(0, -1) } : flag.targeting;
}

function frameOf({ cuts, older, treatment, control, salt }: RenderedTargeting): JsonValue {
  const list = (rules: RenderedTargeting["older"]): JsonValue =>
    rules.map(({ when, result }) => [when, result]);
  return [list(cuts), list(older), treatment, control, salt];
}

/** The tree with every literal weight of a `fractional` set to 0. Depth is bounded by the parse budget. */
function eraseWeights(tree: JsonValue): JsonValue {
  if (typeof tree !== "object" || tree === null) return tree;
  const values = readArguments(tree, "fractional");
  if (values !== undefined) {
    const [first, ...rest] = values;
    const key = first === undefined || Array.isArray(first) ? [] : [eraseWeights(first)];
    const buckets = key.length === 0 ? values : rest;
    return { fractional: [...key, ...buckets.map(eraseWeight)] };
  }
  if (Array.isArray(tree)) return (tree as readonly JsonValue[]).map(eraseWeights);
  return Object.fromEntries(
    Object.entries(tree as { readonly [key: string]: JsonValue }).map(([key, value]) => [
      key,
      eraseWeights(value),
    ]),
  );
}

/** A bucket without its literal weight; a computed weight stays, since changing it is changing a rule. */
function eraseWeight(bucket: JsonValue): JsonValue {
  if (!Array.isArray(bucket)) return eraseWeights(bucket);
  const [variant, weight, ...more] = bucket as readonly JsonValue[];
  const isLiteral = weight === undefined || weight === null || typeof weight === "number";
  return [eraseWeights(variant ?? null), isLiteral ? 0 : eraseWeights(weight), ...more.map(eraseWeights)];
}

function sameShares(previous: ComparedFlag, current: ComparedFlag): boolean {
  if (!sameValue(previous.summary.percentages ?? null, current.summary.percentages ?? null)) return false;
  return ["rollout", "rolloutTreatment", "rolloutControl", "rolloutSlowMs"].every(
    (name) => previous.flag.metadata?.[name] === current.flag.metadata?.[name],
  );
}

/** Segments that came or went, and those in use on both sides whose rule differs. */
function touchedSegments(previous: ComparedFlag, current: ComparedFlag): readonly string[] {
  const before = previous.summary.segments ?? [];
  const after = current.summary.segments ?? [];
  return [...new Set([...before, ...after])].filter((segment) => {
    if (before.includes(segment) !== after.includes(segment)) return true;
    return !sameValue(previous.evaluators.get(segment), current.evaluators.get(segment));
  });
}
