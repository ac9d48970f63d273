import { evaluate, type Ruleset } from "@flagspan/ruleset";
import type { Question } from "./cases.ts";
import type { Answer } from "./flagd.ts";

/** What our evaluator answers to a question, in the same words. */
export function answerOurs(ruleset: Ruleset, { flagKey, type, context }: Question): Answer {
  const kind = type === "integer" || type === "float" ? "number" : type;
  const { reason, errorCode, variant, value } = evaluate(ruleset, flagKey, context, Date.now(), kind);
  if (errorCode !== undefined) return { reason, errorCode };
  return variant === undefined ? { reason } : { reason, variant, value };
}

/** Whether two answers say the same: reason and error, variant and value. */
export function isSame(a: Answer, b: Answer): boolean {
  return (
    a.reason === b.reason &&
    a.errorCode === b.errorCode &&
    a.variant === b.variant &&
    canonical(a.value) === canonical(b.value)
  );
}

/** JSON with sorted names, so that the order in which a store writes them does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
