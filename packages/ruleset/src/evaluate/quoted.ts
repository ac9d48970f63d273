import { refuse } from "./failure.ts";

/** A context value put into a rule by `filter`, `all`, `some` or `none`. */
export class Quoted {
  declare readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * Passes a context value that stands where a rule could; flagd's engine would run an object with one key as a rule.
 * Context is data: such an object fails here, as it does there unless its key happens to be an operator.
 */
export function rejectRules(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const element of value) rejectRules(element);
  } else if (typeof value === "object" && value !== null && isRule(value)) {
    refuse("an object from the context stands where a rule could");
  }
  return value;
}

/** `{ "variant": … }` alone is an object result, not a rule. */
function isRule(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] !== "variant";
}
