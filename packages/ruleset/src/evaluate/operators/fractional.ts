import { bucketOf, MAX_WEIGHT } from "../bucket.ts";
import { toInteger } from "../coerce.ts";
import { hashText } from "../hash.ts";
import { isRecord } from "../../json.ts";
import { charge, HASH_WORK, type Run } from "../run.ts";
import type { EagerOperator } from "./operator.ts";
import { readPath } from "./variables.ts";

/** What a `fractional` has to share out: the text whose hash decides, the buckets, and the sum of their weights. */
export type Shares = readonly [bucketBy: string, buckets: readonly unknown[], total: number];

/**
 * `fractional`, version 2: a share of subjects for each variant, by the hash of a text.
 * Not decidable (no key, a bad weight, nothing to share) gives null. Version 3 would differ in `sharesOf` and in what is hashed.
 */
export const fractional: EagerOperator = (values, data, run) => {
  const shares = sharesOf(values, data, run);
  if (shares === undefined) return null;
  const [bucketBy, buckets, total] = shares;
  charge(run, bucketBy.length * HASH_WORK);
  let left = bucketOf(hashText(bucketBy), total);
  const chosen = buckets.find((bucket) => (left -= weightOf(bucket)) < 0);
  return (chosen as readonly unknown[])[0] ?? null;
};

/** Reads the evaluated arguments; undefined where nothing can be decided. */
export function sharesOf(values: unknown, data: unknown, run: Run): Shares | undefined {
  if (!Array.isArray(values) || !isRecord(data)) return undefined;
  const first: unknown = values[0] ?? null;
  const bucketBy = typeof first === "string" ? first : defaultKey(data, run);
  const buckets: readonly unknown[] = typeof first === "string" || first === null ? values.slice(1) : values;
  const total = buckets.reduce<number>((sum, bucket) => sum + weightOf(bucket), 0);
  return bucketBy !== undefined && total > 0 && total <= MAX_WEIGHT ? [bucketBy, buckets, total] : undefined;
}

/** The text that is hashed when the rule names none: flag key and targeting key; undefined without a targeting key. */
function defaultKey(data: unknown, run: Run): string | undefined {
  const key = readPath("targetingKey", data, run, null);
  if (typeof key !== "string" || key === "") return undefined;
  // Within a loop flagd looks at the element, which has no flag key.
  return data === run.root ? run.flagKey + key : key;
}

/** The weight of an evaluated bucket; NaN where the bucket is none, which undoes the whole fractional. */
export function weightOf(bucket: unknown): number {
  if (!Array.isArray(bucket) || bucket.length === 0 || Object(bucket[0]) === bucket[0]) return NaN;
  const weight: unknown = bucket[1] ?? 1;
  return typeof weight === "number" && weight === toInteger(weight) ? Math.max(0, weight) : NaN;
}
