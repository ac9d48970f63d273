import { readArguments, readChain, readConditional } from "../rollout/rule-chain.ts";
import type { JsonValue } from "../types.ts";

/** Shares by variant, 0 to 100, rounded to 0.001. */
export type Percentages = Readonly<Record<string, number>>;

/**
 * The shares that a targeting gives to those whom no earlier rule decides; failing that, those of its last rule with a
 * `fractional`. Undefined where none decides, or its variants or weights are computed.
 */
export function readPercentages(targeting: JsonValue | undefined, level = 0): Percentages | undefined {
  // A parsed flag nests at most 64 levels; whoever summarises an unparsed one gets an answer, too.
  if (level > 64) return undefined;
  const { rules, otherwise } = readChain(targeting);
  const results = [otherwise, ...rules.map((rule) => rule.result).toReversed()];
  for (const result of results) {
    const shares =
      readConditional(result) === undefined
        ? readShares(readArguments(result, "fractional"))
        : readPercentages(result, level + 1);
    if (shares !== undefined) return shares;
  }
  return undefined;
}

function readShares(values: readonly JsonValue[] | undefined): Percentages | undefined {
  if (values === undefined) return undefined;
  const buckets = Array.isArray(values[0]) ? values : values.slice(1);
  const weights = new Map<string, number>();
  let total = 0;
  for (const bucket of buckets) {
    if (!Array.isArray(bucket)) return undefined;
    const [variant, weight] = bucket as readonly JsonValue[];
    if (typeof variant !== "string") return undefined;
    const share = weight === undefined || weight === null ? 1 : weight;
    if (typeof share !== "number" || !Number.isFinite(share)) return undefined;
    weights.set(variant, (weights.get(variant) ?? 0) + Math.max(0, share));
    total += Math.max(0, share);
  }
  if (total === 0) return undefined;
  return Object.fromEntries(
    [...weights].map(([variant, weight]) => [variant, Math.round((weight / total) * 100_000) / 1000]),
  );
}

/** A variant whose share differs; undefined where it had or has none. */
export interface MovedShare {
  readonly variant: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The variants whose shares differ, those of the later side first. */
export function compareShares(
  before: Percentages | undefined,
  after: Percentages | undefined,
): readonly MovedShare[] {
  // Maps, since a variant may be named like a property that every object has.
  const old = new Map(Object.entries(before ?? {}));
  const now = new Map(Object.entries(after ?? {}));
  return [...new Set([...now.keys(), ...old.keys()])]
    .map((variant) => ({ variant, from: old.get(variant), to: now.get(variant) }))
    .filter(({ from, to }) => from !== to);
}
