import type { JsonValue } from "../types.ts";
import { type CheckedFlag, operationOf } from "./check.ts";

/** A value that targeting may yield as it is written. */
export interface Outcome {
  readonly value: JsonValue;
  readonly path: readonly (string | number)[];
}

/** Every literal that targeting can yield: through `if` clauses and `fractional` buckets, not through computed values. */
export function outcomesOf({ flag }: CheckedFlag): readonly Outcome[] {
  const found: Outcome[] = [];
  const visit = (rule: JsonValue, path: readonly (string | number)[]): void => {
    const operation = operationOf(rule, path);
    if (operation === undefined) {
      found.push({ value: rule, path });
      return;
    }
    const { name, args, list } = operation;
    if ((name === "if" || name === "?:") && Array.isArray(args)) {
      for (const [i, clause] of list.entries()) {
        const isClause = i % 2 === 1 || (i === list.length - 1 && list.length % 2 === 1);
        if (isClause) visit(clause, [...path, name, i]);
      }
    } else if (name === "fractional" && Array.isArray(args)) {
      for (const [i, bucket] of list.entries()) {
        if (Array.isArray(bucket) && bucket.length > 0)
          visit((bucket as readonly JsonValue[])[0] ?? null, [...path, name, i, 0]);
      }
    }
  };
  if (flag.targeting !== undefined) visit(flag.targeting, ["targeting"]);
  return found;
}
