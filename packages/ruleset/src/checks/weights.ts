import { MAX_WEIGHT } from "../evaluate/bucket.ts";
import type { JsonValue } from "../types.ts";
import { type Check, type CheckedFlag, isLiteral, operationOf, type Operation } from "./check.ts";

type Path = readonly (string | number)[];

/** Shares of a `fractional` that do not share: no weight at all, negative, fractions, text, or beyond 2³¹ − 1. */
export const weights: Check = (checked) => {
  for (const operation of checked.operations) {
    if (operation.name === "fractional") checkFractional(operation, checked);
  }
};

function checkFractional(operation: Operation, { report }: CheckedFlag): void {
  const { args, list } = operation;
  // Written out only for what is reported.
  const at = (...steps: readonly number[]): Path => [...operation.path, "fractional", ...steps];
  if (!Array.isArray(args)) {
    report({
      code: "invalid-arguments",
      severity: "error",
      path: at(),
      message: "fractional needs a list of [variant, weight]",
    });
    return;
  }
  const first = list[0];
  const hasKey =
    typeof first === "string" ||
    first === null ||
    (first !== undefined && operationOf(first, []) !== undefined);
  if (typeof first === "string") {
    const message = `what is hashed is the text "${first}" itself: everybody gets the same variant; did you mean {"var": …}?`;
    report({ code: "invalid-arguments", severity: "warning", path: at(0), message });
  }
  const buckets = hasKey ? list.slice(1) : list;
  let total = 0;
  let isKnown = true;
  for (const [i, bucket] of buckets.entries()) {
    const weight = checkBucket(bucket, (...steps) => at(hasKey ? i + 1 : i, ...steps), report);
    if (weight === undefined) isKnown = false;
    else total += weight;
  }
  if (isKnown && (total <= 0 || buckets.length === 0)) {
    const message = "the weights sum to 0: nobody gets a variant of this fractional, everybody the default";
    report({ code: "zero-weights", severity: "error", path: at(), message });
  }
  if (total > MAX_WEIGHT) {
    report({
      code: "invalid-weight",
      severity: "error",
      path: at(),
      message: `the weights sum to more than ${MAX_WEIGHT}; the fractional yields null`,
    });
  }
}

/** The weight, if it is known beforehand. */
function checkBucket(
  bucket: JsonValue,
  at: (...steps: readonly number[]) => Path,
  report: CheckedFlag["report"],
): number | undefined {
  if (!Array.isArray(bucket) || bucket.length === 0) {
    // A rule may yield a bucket; a literal that is none undoes the whole fractional.
    if (!isLiteral(bucket)) return undefined;
    report({
      code: "invalid-arguments",
      severity: "error",
      path: at(),
      message: "a bucket must be [variant, weight]; the fractional yields null",
    });
    return undefined;
  }
  const [variant, weight = 1] = bucket as readonly JsonValue[];
  if (bucket.length > 2) {
    report({
      code: "invalid-arguments",
      severity: "warning",
      path: at(),
      message: "what follows the weight is ignored by flagd, and undoes the fractional in other evaluators",
    });
  }
  if (typeof variant === "object" && variant !== null && isLiteral(variant)) {
    report({
      code: "invalid-arguments",
      severity: "error",
      path: at(0),
      message: "a bucket's variant must be a name; the fractional yields null",
    });
  }
  if (!isLiteral(weight)) return undefined;
  if (weight === null) return 1;
  if (typeof weight !== "number" || !Number.isInteger(weight)) {
    report({
      code: "invalid-weight",
      severity: "error",
      path: at(1),
      message: "a weight must be a whole number; the fractional yields null",
    });
    return undefined;
  }
  if (weight < 0)
    report({
      code: "invalid-weight",
      severity: "warning",
      path: at(1),
      message: "a negative weight counts as 0",
    });
  return Math.max(0, weight);
}
