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

/** Nested from the last clause to the first: each step is one condition and a jump. */
function compileConditional(args: readonly Code[]): Closure {
  const last = args.length % 2 === 1 ? args.at(-1) : undefined;
  let otherwise: Closure = last === undefined ? () => null : compileClause(last);
  for (let i = (args.length >> 1) * 2 - 2; i >= 0; i -= 2) {
    const condition = toClosure(args[i] as Code);
    const then = compileClause(args[i + 1] as Code);
    const next = otherwise;
    otherwise = (context, run) => (holds(condition(context, run)) ? then(context, run) : next(context, run));
  }
  return otherwise;
}

function compileClause(code: Code): Closure {
  const run = toClosure(code);
  if (code.kind === "constant" && (typeof code.value !== "object" || code.value === null)) return run;
  return (context, state) => {
    const value = run(context, state);
    return typeof value === "object" && value !== null ? clause(value) : value;
  };
}

function compileChain(args: readonly Code[], stopsAt: boolean): Closure {
  const closures = args.map(toClosure);
  const [first, second] = closures as [Closure, Closure];
  if (closures.length === 2) {
    return (context, run) => {
      const value = first(context, run);
      return holds(value) === stopsAt ? value : second(context, run);
    };
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
