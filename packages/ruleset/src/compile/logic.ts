import { isTruthy } from "../evaluate/coerce.ts";
import { clause } from "../evaluate/operators/logic.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/** `if`, `?:`, `and`, `or`, `!` and `!!`. */
export function compileLogic(name: string): (args: readonly Code[]) => Closure | undefined {
  return (args) => {
    switch (name) {
      case "and":
        return compileChain(args, false);
      case "or":
        return compileChain(args, true);
      case "!":
      case "!!":
        return compileNegation(args, name === "!!");
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
  if (conditions.length === 1) {
    const [condition, then] = [conditions[0], clauses[0]] as [Closure, Closure];
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
  const read = toClosure(code);
  // What is written as an object of one key is an operation, hence no constant is a rule.
  if (code.kind === "constant") return read;
  return (context, run) => clause(read(context, run));
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

function compileNegation(args: readonly Code[], isDouble: boolean): Closure | undefined {
  const [code] = args;
  if (code === undefined || args.length > 1) return undefined;
  const argument = toClosure(code);
  return (context, run) => holds(argument(context, run)) === isDouble;
}
