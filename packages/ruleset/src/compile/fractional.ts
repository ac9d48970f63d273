import { bucketOf, MAX_WEIGHT } from "../evaluate/bucket.ts";
import { hashText } from "../evaluate/hash.ts";
import { weightOf } from "../evaluate/operators/fractional.ts";
import { readAttribute } from "../evaluate/read-context.ts";
import { charge, type Run } from "../evaluate/run.ts";
import type { EvaluationContext } from "../types.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/** `fractional` whose variants and weights are literals: only the text to hash is left to evaluation. */
export function compileFractional(args: readonly Code[]): Closure | undefined {
  const [first, ...others] = args;
  if (first === undefined) return undefined;
  if (first.kind === "constant") {
    if (!Array.isArray(first.value)) return undefined;
    const choose = compileShares(args);
    return choose && ((context, run) => choose(defaultKey(context, run), run));
  }
  const choose = compileShares(others);
  if (choose === undefined) return undefined;
  const key = toClosure(first);
  return (context, run) => {
    const value = key(context, run) ?? null;
    if (typeof value === "string") return choose(value, run);
    // Anything else but null would be a bucket; a list that comes from the context could even be a good one.
    if (Array.isArray(value)) return chooseAmong([value, ...others.map(literal)], context, run);
    return value === null ? choose(defaultKey(context, run), run) : null;
  };
}

type Choose = (bucketBy: string | null, run: Run) => unknown;

/** The shares as running sums; undefined where they are not literal. */
function compileShares(buckets: readonly Code[]): Choose | undefined {
  if (buckets.some((bucket) => bucket.kind !== "constant")) return undefined;
  return shares(buckets.map(literal));
}

function literal(code: Code): unknown {
  return code.kind === "constant" ? code.value : undefined;
}

function chooseAmong(buckets: readonly unknown[], context: EvaluationContext, run: Run): unknown {
  return shares(buckets)(defaultKey(context, run), run);
}

function shares(buckets: readonly unknown[]): Choose {
  const variants = buckets.map((bucket) => (Array.isArray(bucket) ? ((bucket[0] as unknown) ?? null) : null));
  const weights = buckets.map(weightOf);
  const bounds: number[] = [];
  let total = 0;
  for (const weight of weights) bounds.push((total += weight ?? 0));
  if (weights.includes(null) || total === 0 || total > MAX_WEIGHT) return () => null;
  return (bucketBy, run) => {
    if (bucketBy === null) return null;
    charge(run, bucketBy.length);
    const bucket = bucketOf(hashText(bucketBy), total);
    let i = 0;
    while ((bounds[i] ?? 0) <= bucket) i++;
    return variants[i];
  };
}

function defaultKey(context: EvaluationContext, run: Run): string | null {
  const key = readAttribute(context, "targetingKey", run);
  return typeof key === "string" && key !== "" ? run.flagKey + key : null;
}
