import { sameValue } from "../diff/same-value.ts";
import { isRecord } from "../json.ts";
import type { JsonValue } from "../types.ts";
import { readArguments, readConditional, type Rule } from "./rule-chain.ts";
import { TOTAL_WEIGHT } from "./step.ts";
import { twinOf } from "./twin.ts";

/**
 * The targeting of a flag that is being rolled out, taken apart:
 *
 *     if <cut>     → <variant>                  one per segment kill, `{"!!": […]}` around its condition
 *     if <chosen>  → <treatment>.fixed          only with segments
 *     if <older 1> → <result>.fixed …           the flag's own rules
 *        no key    → <control>.fixed            at 100 %: <treatment>.fixed
 *        else      → fractional [key, [treatment, w], [control, 100000 - w]]
 *
 * Without the line for missing keys all anonymous users would share one bucket and change sides together.
 */
export interface RenderedTargeting {
  readonly cuts: readonly Rule[];
  readonly chosen?: JsonValue;
  readonly older: readonly Rule[];
  readonly treatment: string;
  readonly control: string;
  readonly salt: string;
  /** Of 100,000. */
  readonly weight: number;
}

const withoutKey: JsonValue = { "!": [{ var: "targetingKey" }] };

/** Puts a rolled out targeting together, in stock flagd operators. */
export function writeRendered(parts: RenderedTargeting): JsonValue {
  const { treatment, control, weight } = parts;
  const share: JsonValue = {
    fractional: [
      { cat: [{ var: "$flagd.flagKey" }, parts.salt, { var: "targetingKey" }] },
      [treatment, weight],
      [control, TOTAL_WEIGHT - weight],
    ],
  };
  const keyless = twinOf(weight === TOTAL_WEIGHT ? treatment : control);
  let targeting: JsonValue = {
    if: [...parts.older.flatMap(({ when, result }) => [when, result]), withoutKey, keyless, share],
  };
  if (parts.chosen !== undefined) targeting = { if: [parts.chosen, twinOf(treatment), targeting] };
  for (const cut of parts.cuts.toReversed()) targeting = { if: [cut.when, cut.result, targeting] };
  return targeting;
}

/** Rules that may stand in front of a rollout; more than these were not written here. */
const MAX_LAYERS = 64;

/** Takes a targeting apart; undefined if it is not one that `writeRendered` put together. */
export function readRendered(targeting: JsonValue | undefined): RenderedTargeting | undefined {
  const layers: Rule[] = [];
  let rest = targeting;
  for (let layer = 0; layer <= MAX_LAYERS; layer++) {
    const values = readConditional(rest);
    if (values === undefined) return undefined;
    const share = readShare(values);
    if (share !== undefined) {
      const last = layers.at(-1);
      const isChosen = last !== undefined && !isCut(last.when) && last.result === twinOf(share.treatment);
      return {
        ...share,
        cuts: isChosen ? layers.slice(0, -1) : layers,
        ...(isChosen ? { chosen: last.when } : {}),
      };
    }
    if (values.length !== 3) return undefined;
    layers.push({ when: values[0] ?? null, result: values[1] ?? null });
    rest = values[2];
  }
  return undefined;
}

/** Marks the condition of a segment kill, so that it is never taken for a chosen segment. */
export function markCut(condition: JsonValue): JsonValue {
  return { "!!": [condition] };
}

/** Whether a condition is a segment kill's. */
export function isCut(condition: JsonValue): boolean {
  return isRecord(condition) && Object.hasOwn(condition, "!!");
}

function readShare(values: readonly JsonValue[]): Omit<RenderedTargeting, "cuts" | "chosen"> | undefined {
  if (values.length < 3 || values.length % 2 === 0) return undefined;
  if (!sameValue(values.at(-3), withoutKey)) return undefined;
  const [key, treated, rest, ...more] = readArguments(values.at(-1), "fractional") ?? [];
  const [flagKey, salt, targetingKey, ...tooMany] = readArguments(key, "cat") ?? [];
  if (typeof salt !== "string" || more.length > 0 || tooMany.length > 0) return undefined;
  if (!sameValue(flagKey, { var: "$flagd.flagKey" }) || !sameValue(targetingKey, { var: "targetingKey" })) {
    return undefined;
  }
  const treatment = readBucket(treated);
  const control = readBucket(rest);
  if (treatment === undefined || control === undefined) return undefined;
  if (treatment.weight + control.weight !== TOTAL_WEIGHT) return undefined;
  const older: Rule[] = [];
  for (let at = 0; at < values.length - 3; at += 2) {
    older.push({ when: values[at] ?? null, result: values[at + 1] ?? null });
  }
  return { older, treatment: treatment.variant, control: control.variant, salt, weight: treatment.weight };
}

function readBucket(
  bucket: JsonValue | undefined,
): { readonly variant: string; readonly weight: number } | undefined {
  if (!Array.isArray(bucket) || bucket.length !== 2) return undefined;
  const [variant, weight] = bucket as readonly JsonValue[];
  if (typeof variant !== "string" || typeof weight !== "number") return undefined;
  return Number.isInteger(weight) && weight >= 0 ? { variant, weight } : undefined;
}
