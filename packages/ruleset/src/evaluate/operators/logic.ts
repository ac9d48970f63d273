import { isTruthy } from "../coerce.ts";
import { rejectRules } from "../quoted.ts";
import type { EagerOperator, LazyOperator } from "./operator.ts";
import { asList } from "./arguments.ts";

/** `if` and `?:`: the clause after the first condition that holds, else the last odd one, else null. */
export const conditional: LazyOperator = (args, data, run, interpret) => {
  const clauses = asList("if", args);
  for (let i = 0; i + 1 < clauses.length; i += 2) {
    if (isTruthy(interpret(clauses[i], data, run))) return clause(interpret(clauses[i + 1], data, run));
  }
  return clauses.length % 2 === 1 ? clause(interpret(clauses.at(-1), data, run)) : null;
};

/** flagd's engine runs an object that a clause yields as a rule once more; see rejectRules. Lists it leaves alone. */
export function clause(value: unknown): unknown {
  return Array.isArray(value) ? value : rejectRules(value);
}

/** `and`: the first falsy value, else the last; null for none. */
export const and: LazyOperator = (args, data, run, interpret) => {
  let last: unknown = null;
  for (const arg of asList("and", args)) {
    last = interpret(arg, data, run);
    if (!isTruthy(last)) return last;
  }
  return last;
};

/** `or`: the first truthy value, else the last; null for none. */
export const or: LazyOperator = (args, data, run, interpret) => {
  let last: unknown = null;
  for (const arg of asList("or", args)) {
    last = interpret(arg, data, run);
    if (isTruthy(last)) return last;
  }
  return last;
};

/** `!`: negates its first argument; of a bare list from the context, the first element. */
export const not: EagerOperator = (args) => negate(args);

/** `!!`: the truth of what `!` negates. */
export const notNot: EagerOperator = (args) => !negate(args);

/** What `!` answers for evaluated arguments. */
export function negate(value: unknown): boolean {
  return !isTruthy(Array.isArray(value) && value.length > 0 ? value[0] : value);
}
