import { isTruthy } from "../coerce.ts";
import { rejectRules } from "../quoted.ts";
import { asList } from "./arguments.ts";
import type { EagerOperator, LazyOperator, Operators } from "./operator.ts";

/** The clause after the first condition that holds, else the last odd one, else null. */
const conditional: LazyOperator = (args, data, run, interpret) => {
  const clauses = asList("if", args);
  // An odd clause at the end is what holds otherwise.
  const end = clauses.length - 1;
  let i = 0;
  while (i < end && !isTruthy(interpret(clauses[i], data, run))) i += 2;
  const taken = clauses[i < end ? i + 1 : i] ?? null;
  return clause(interpret(taken, data, run));
};

/** flagd's engine runs an object that a clause yields as a rule once more; see rejectRules. Lists it leaves alone. */
export function clause(value: unknown): unknown {
  return Array.isArray(value) ? value : rejectRules(value);
}

/** The first value that is as true as asked, else the last; null for none. */
function firstThat(name: string, holds: boolean): LazyOperator {
  return (args, data, run, interpret) => {
    let last: unknown = null;
    for (const arg of asList(name, args)) {
      last = interpret(arg, data, run);
      if (isTruthy(last) === holds) break;
    }
    return last;
  };
}

/** Logic that evaluates no more than it needs. */
export const logic: Operators<LazyOperator> = {
  if: conditional,
  "?:": conditional,
  and: firstThat("and", false),
  or: firstThat("or", true),
};

/** Negates the first argument; of a bare list from the context, the first element. */
function negate(value: unknown): boolean {
  return !isTruthy(Array.isArray(value) ? value[0] : value);
}

/** Negation, once and twice. */
export const negation: Operators<EagerOperator> = {
  "!": negate,
  "!!": (args) => !negate(args),
};
