import { bucketOf, MAX_WEIGHT } from "../bucket.ts";
import { hashText } from "../hash.ts";
import { readAttribute } from "../read-context.ts";
import { charge, HASH_WORK, type Run } from "../run.ts";
import type { EagerOperator } from "./operator.ts";
import { readPath } from "./variables.ts";

/**
 * `fractional`, version 2: a share of subjects for each variant, by the hash of a text.
 * Not decidable (no key, a bad weight, nothing to share) gives null. Version 3 would differ in `keyOf` and in what is hashed.
 */
export const fractional: EagerOperator = (values, data, run, rule) => {
  if (!Array.isArray(values) || values.length === 0) return null;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  const first: unknown = values[0] ?? null;
  const bucketBy = typeof first === "string" ? first : defaultKey(data, run);
  const buckets: readonly unknown[] = typeof first === "string" || first === null ? values.slice(1) : values;
  if (bucketBy === null || buckets.length === 0) return null;
  const weights = buckets.map(weightOf);
  let total = 0;
  for (const weight of weights) {
    if (weight === null) return null;
    total += weight;
  }
  if (total === 0 || total > MAX_WEIGHT) return null;
  charge(run, bucketBy.length * HASH_WORK);
  const hash = hashText(bucketBy);
  const bucket = bucketOf(hash, total);
  let to = 0;
  for (let i = 0; i < buckets.length; i++) {
    const from = to;
    to += weights[i] ?? 0;
    if (to <= bucket) continue;
    run.onBucket?.(rule, { bucketBy, hash, bucket, total, from, to });
    return (buckets[i] as readonly unknown[])[0] ?? null;
  }
  return null;
};

/** The text that is hashed when the rule names none: flag key and targeting key; null without a targeting key. */
function defaultKey(data: unknown, run: Run): string | null {
  const isRoot = data === run.root;
  const key = isRoot
    ? readAttribute(run.root, "targetingKey", run)
    : readPath("targetingKey", data, run, null);
  if (typeof key !== "string" || key === "") return null;
  // Within a loop flagd looks at the element, which has no flag key.
  return isRoot ? run.flagKey + key : key;
}

/** The weight of an evaluated bucket; null where the bucket is none, which undoes the whole fractional. */
export function weightOf(bucket: unknown): number | null {
  if (!Array.isArray(bucket) || bucket.length === 0) return null;
  const variant: unknown = bucket[0] ?? null;
  if (typeof variant === "object" && variant !== null) return null;
  const weight: unknown = bucket[1] ?? 1;
  if (typeof weight !== "number" || !Number.isInteger(weight) || weight > MAX_WEIGHT) return null;
  return Math.max(0, weight);
}
