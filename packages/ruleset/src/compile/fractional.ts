import { bucketOf, MAX_WEIGHT } from "../evaluate/bucket.ts";
import { weightOf } from "../evaluate/operators/fractional.ts";
import { charge, HASH_WORK, type Run } from "../evaluate/run.ts";
import type { EvaluationContext } from "../types.ts";
import { createAttributeReader } from "./attribute-readers.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";
import { createHashPrefix, hashAfter, type HashPrefix } from "./hash-prefix.ts";

/** `fractional` whose variants and weights are literals: only the text to hash is left to evaluation. */
export function compileFractional(args: readonly Code[]): Closure | undefined {
  const [first, ...others] = args;
  if (first === undefined) return undefined;
  if (first.kind === "constant") {
    if (!Array.isArray(first.value)) return undefined;
    const choose = compileShares(args);
    return choose && byDefault(choose);
  }
  const choose = compileShares(others);
  if (choose === undefined) return undefined;
  const key = toClosure(first);
  const chooseByDefault = byDefault(choose);
  return (context, run) => {
    const value = key(context, run) ?? null;
    if (typeof value === "string") return choose(NO_PREFIX, value, run);
    // Anything else but null would be a bucket; a list that comes from the context could even be a good one.
    if (Array.isArray(value)) return chooseAmong([value, ...others.map(literal)], context, run);
    return value === null ? chooseByDefault(context, run) : null;
  };
}

/** Picks the variant for the text that prefix and key make. */
type Choose = (prefix: HashPrefix, key: string, run: Run) => unknown;

const NO_PREFIX = createHashPrefix("");

/** The shares as running sums; undefined where they are not literal. */
function compileShares(buckets: readonly Code[]): Choose | undefined {
  if (buckets.some((bucket) => bucket.kind !== "constant")) return undefined;
  return shares(buckets.map(literal));
}

function literal(code: Code): unknown {
  return code.kind === "constant" ? code.value : undefined;
}

function chooseAmong(buckets: readonly unknown[], context: EvaluationContext, run: Run): unknown {
  return byDefault(shares(buckets))(context, run);
}

function shares(buckets: readonly unknown[]): Choose {
  const variants = buckets.map((bucket) => (Array.isArray(bucket) ? ((bucket[0] as unknown) ?? null) : null));
  const bounds: number[] = [];
  let total = 0;
  for (const weight of buckets.map(weightOf)) bounds.push((total += weight));
  if (!(total > 0 && total <= MAX_WEIGHT)) return () => null;
  return (prefix, key, run) => {
    charge(run, (prefix.text.length + key.length) * HASH_WORK);
    const bucket = bucketOf(hashAfter(prefix, key), total);
    let i = 0;
    while ((bounds[i] ?? 0) <= bucket) i++;
    return variants[i];
  };
}

/** Without a text of its own, a `fractional` hashes flag key and targeting key; without a targeting key it is undecided. */
function byDefault(choose: Choose): Closure {
  // The hash of the flag key is begun once.
  let prefix = NO_PREFIX;
  const readTargetingKey = createAttributeReader("targetingKey");
  return (context, run) => {
    const key = readTargetingKey(context, run);
    if (typeof key !== "string" || key === "") return null;
    if (prefix.text !== run.flagKey) prefix = createHashPrefix(run.flagKey);
    return choose(prefix, key, run);
  };
}
