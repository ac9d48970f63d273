import { isTruthy, toNumber, toText } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { isRecord } from "../../json.ts";
import { Quoted } from "../quoted.ts";
import { charge, type Run, STEP_WORK } from "../run.ts";
import { asList, atLeast } from "./arguments.ts";
import type { Interpret, LazyOperator, Operators } from "./operator.ts";
import { resolve } from "./variables.ts";

type Body = (list: readonly unknown[], data: unknown, run: Run, interpret: Interpret) => unknown;

/** A loop from its arguments. While it is under way every step is charged; where it fails, the whole evaluation does. */
function loop(name: string, body: Body): LazyOperator {
  return (args, data, run, interpret) => {
    run.loops++;
    const answer = body(asList(name, args), data, run, interpret);
    run.loops--;
    return answer;
  };
}

/** A literal list is taken as it stands, its elements unevaluated; a rule gives a list; anything else is nothing. */
function subject(first: unknown, data: unknown, run: Run, interpret: Interpret): unknown {
  if (first instanceof Quoted && Array.isArray(first.value)) return first.value;
  if (isRecord(first)) return interpret(first, data, run) ?? null;
  return Array.isArray(first) ? first : null;
}

/** Runs what must be a rule: a literal where a rule is needed fails in flagd. */
function applyRule(name: string, rule: unknown, data: unknown, run: Run, interpret: Interpret): unknown {
  return !isRecord(rule) || (rule instanceof Quoted && Array.isArray(rule.value))
    ? refuse(`${name} needs a rule as its second argument`)
    : interpret(rule, data, run);
}

/** Puts what `data` knows in the place of each `var`; `""` and relative names stay, and so does what it does not know. */
function bind(rule: unknown, data: unknown, run: Run, interpret: Interpret): unknown {
  charge(run, STEP_WORK);
  if (Array.isArray(rule)) return rule.map((element) => bind(element, data, run, interpret));
  if (!isRecord(rule) || rule instanceof Quoted) return rule;
  const bound: [string, unknown][] = [];
  for (const [key, argument] of Object.entries(rule)) {
    if (key !== "var") {
      bound.push([key, bind(argument, data, run, interpret)]);
      continue;
    }
    const isOwnScope = typeof argument === "string" && /^(\.|$)/.test(argument);
    const value = isOwnScope ? null : resolve(interpret(argument, data, run), data, run);
    if (value !== null) return typeof value === "object" ? new Quoted(value) : value;
    bound.push([key, argument]);
  }
  return Object.fromEntries(bound);
}

/**
 * `all`, `none` and `some`. flagd's engine puts names into the rule before it runs, which decides who wins where context
 * and element know the same name: `all` puts the element's, `none` the context's, `some` first the context's.
 */
function quantified(
  name: "all" | "none" | "some",
  holds: (list: readonly unknown[], test: (element: unknown) => boolean) => boolean,
): LazyOperator {
  return loop(name, (list, data, run, interpret) => {
    const found = subject(atLeast(name, list, 1)[0], data, run, interpret);
    if (!isTruthy(found)) return name === "none";
    const written = atLeast(name, list, 2)[1];
    const rule = name === "all" ? written : bind(written, data, run, interpret);
    return holds(asList(name, found), (element) => {
      const bound = name === "none" ? rule : bind(rule, element, run, interpret);
      return isTruthy(applyRule(name, bound, element, run, interpret));
    });
  });
}

/** What an accumulator is made again after each step, by the type of its start value. */
const keepType: Readonly<Record<string, (value: unknown) => unknown>> = {
  boolean: isTruthy,
  number: toNumber,
  string: toText,
};

/** Operators that apply one rule to each element of a list. */
export const loops: Operators<LazyOperator> = {
  /** The rule's answer for each element. */
  map: loop("map", (list, data, run, interpret) => {
    const found = list.length < 2 ? null : subject(list[0], data, run, interpret);
    return asList("map", found ?? []).map((element) => interpret(list[1], element, run));
  }),
  /** The elements for which the rule holds. A name known outside wins over an element's, as in flagd. */
  filter: loop("filter", (list, data, run, interpret) => {
    const found = list.length < 2 ? null : subject(list[0], data, run, interpret);
    if (found === null) return [];
    const rule = bind(list[1], data, run, interpret);
    return asList("filter", found).filter((element) => isTruthy(interpret(rule, element, run)));
  }),
  /** Folds into an accumulator that keeps the type of its start value; without one, 0. */
  reduce: loop("reduce", (list, data, run, interpret) => {
    if (list.length < 3) return 0;
    let accumulator = interpret(list[2], data, run);
    const type = typeof accumulator;
    const keep = keepType[type] ?? refuse("reduce needs a scalar to start with");
    const found = subject(list[0], data, run, interpret);
    if (found === null) return 0;
    for (const current of asList("reduce", found)) {
      if (current === null) continue;
      const scope = { current, accumulator, valueType: type === "boolean" ? "bool" : type };
      accumulator = keep(applyRule("reduce", list[1], scope, run, interpret));
    }
    return accumulator;
  }),
  /** Whether the rule holds for every element, and there is one. */
  all: quantified("all", (list, test) => list.every(test)),
  /** Whether the rule holds for no element. */
  none: quantified("none", (list, test) => !list.some(test)),
  /** Whether the rule holds for an element. */
  some: quantified("some", (list, test) => list.some(test)),
};
