import { isTruthy } from "../evaluate/coerce.ts";
import { clause } from "../evaluate/operators/logic.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/** `if`, `?:`, `and`, `or`, `!` and `!!`. */
export function compileLogic(name: string): (args: readonly Code[]) => Closure | undefined {
  return (args) => {
    switch (name) {
      case "and":
        return args.length === 0 ? undefined : compileChain(args, false);
      case "or":
        return args.length === 0 ? undefined : compileChain(args, true);
      case "!":
      case "!!":
        return args.length === 1 ? compileNegation(args[0], name === "!!") : undefined;
      default:
        return compileConditional(args);
    }
  };
}

function holds(value: unknown): boolean {
  return typeof value === "boolean" ? value : isTruthy(value);
}

function compileConditional(args: readonly Code[]): Closure {
  const last = args.length % 2 === 1 ? args.at(-1) : undefined;
  const otherwise: Closure = last === undefined ? () => null : compileClause(last);
  const conditions = args.filter((_, i) => i % 2 === 0 && i + 1 < args.length).map(toClosure);
  const clauses = args.filter((_, i) => i % 2 === 1).map(compileClause);
  const [condition, then] = [conditions[0], clauses[0]];
  if (condition === undefined || then === undefined) return otherwise;
  if (conditions.length === 1) {
    return (context, run) => (holds(condition(context, run)) ? then(context, run) : otherwise(context, run));
  }
  // Most rules ask for two things at once: asking them here saves a call for each rule.
  const firsts = conditions.map((closure) => pairs.get(closure)?.[0] ?? closure);
  const seconds = conditions.map((closure) => pairs.get(closure)?.[1]);
  return (context, run) => {
    for (let i = 0; i < firsts.length; i++) {
      if (!holds((firsts[i] as Closure)(context, run))) continue;
      const second = seconds[i];
      if (second === undefined || holds(second(context, run))) return (clauses[i] as Closure)(context, run);
    }
    return otherwise(context, run);
  };
}

function compileClause(code: Code): Closure {
  const run = toClosure(code);
  if (code.kind === "constant" && (typeof code.value !== "object" || code.value === null)) return run;
  return (context, state) => {
    const value = run(context, state);
    return typeof value === "object" && value !== null ? clause(value) : value;
  };
}

/** What an `and` of two is made of. */
const pairs = new WeakMap<Closure, readonly [Closure, Closure]>();

function compileChain(args: readonly Code[], stopsAt: boolean): Closure {
  const closures = args.map(toClosure);
  const [first, second] = closures as [Closure, Closure];
  if (closures.length === 2) {
    const pair: Closure = (context, run) => {
      const value = first(context, run);
      return holds(value) === stopsAt ? value : second(context, run);
    };
    if (!stopsAt) pairs.set(pair, [first, second]);
    return pair;
  }
  return (context, run) => {
    let value: unknown = null;
    for (const closure of closures) {
      value = closure(context, run);
      if (holds(value) === stopsAt) break;
    }
    return value;
  };
}

function compileNegation(code: Code | undefined, isDouble: boolean): Closure | undefined {
  if (code === undefined) return undefined;
  const argument = toClosure(code);
  return (context, run) => holds(argument(context, run)) === isDouble;
}
