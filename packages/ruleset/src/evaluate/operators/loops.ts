import { isTruthy, toNumber, toText } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { Quoted } from "../quoted.ts";
import { charge, type Run, STEP_WORK } from "../run.ts";
import type { Interpret, LazyOperator } from "./operator.ts";
import { asList, atLeast } from "./arguments.ts";
import { resolve } from "./variables.ts";

/** `map`: the rule's answer for each element. */
export const map: LazyOperator = (args, data, run, interpret) =>
  inLoop(run, () => {
    const list = asList("map", args);
    if (list.length < 2) return [];
    return asList("map", subject(list, data, run, interpret) ?? []).map((element) =>
      interpret(list[1], element, run),
    );
  });

/** `filter`: the elements for which the rule holds. A name known outside wins over an element's, as in flagd. */
export const filter: LazyOperator = (args, data, run, interpret) =>
  inLoop(run, () => {
    const list = asList("filter", args);
    if (list.length < 2) return [];
    const found = subject(list, data, run, interpret);
    if (found === null) return [];
    const rule = bind(list[1], data, run, interpret);
    return asList("filter", found).filter((element) => isTruthy(interpret(rule, element, run)));
  });

/** `reduce`: folds into an accumulator that keeps the type of its start value; without one, 0. */
export const reduce: LazyOperator = (args, data, run, interpret) =>
  inLoop(run, () => {
    const list = asList("reduce", args);
    if (list.length < 3) return 0;
    const start: unknown = Array.isArray(list[2]) ? list[2] : interpret(list[2], data, run);
    const keepType = accumulators.get(typeof start);
    if (keepType === undefined) return refuse("reduce needs a text, number or boolean to start with");
    const found = subject(list, data, run, interpret);
    if (found === null) return 0;
    let accumulator: unknown = start;
    for (const current of asList("reduce", found)) {
      if (current === null || current === undefined) continue;
      const scope = { current, accumulator, valueType: typeof start === "boolean" ? "bool" : typeof start };
      accumulator = keepType(applyRule("reduce", list[1], scope, run, interpret));
    }
    return accumulator;
  });

const accumulators: ReadonlyMap<string, (value: unknown) => unknown> = new Map<
  string,
  (value: unknown) => unknown
>([
  ["boolean", isTruthy],
  ["number", toNumber],
  ["string", toText],
]);

/** What tells `all`, `some` and `none` apart. */
interface Quantifier {
  readonly ofNothing: boolean;
  /** Whether names known outside, and names of the element, are put into the rule before it runs. */
  readonly bindsOutside: boolean;
  readonly bindsElement: boolean;
  readonly holds: (list: readonly unknown[], test: (element: unknown) => boolean) => boolean;
}

function quantified(
  name: string,
  { ofNothing, bindsOutside, bindsElement, holds }: Quantifier,
): LazyOperator {
  return (args, data, run, interpret) =>
    inLoop(run, () => {
      const list = atLeast(name, args, 1);
      const found = subject(list, data, run, interpret);
      if (!isTruthy(found)) return ofNothing;
      const written = atLeast(name, list, 2)[1];
      const rule = bindsOutside ? bind(written, data, run, interpret) : written;
      return holds(asList(name, found), (element) =>
        isTruthy(
          applyRule(name, bindsElement ? bind(rule, element, run, interpret) : rule, element, run, interpret),
        ),
      );
    });
}

/** `all`: whether the rule holds for every element, and there is one. */
export const all: LazyOperator = quantified("all", {
  ofNothing: false,
  bindsOutside: false,
  bindsElement: true,
  holds: (list, test) => list.every(test),
});

/** `none`: whether the rule holds for no element. */
export const none: LazyOperator = quantified("none", {
  ofNothing: true,
  bindsOutside: true,
  bindsElement: false,
  holds: (list, test) => !list.some(test),
});

/** `some`: whether the rule holds for an element. A name known outside wins over an element's, as in flagd. */
export const some: LazyOperator = quantified("some", {
  ofNothing: false,
  bindsOutside: true,
  bindsElement: true,
  holds: (list, test) => list.some(test),
});

function inLoop<T>(run: Run, body: () => T): T {
  run.loops++;
  try {
    return body();
  } finally {
    run.loops--;
  }
}

/** A literal list is taken as it stands, its elements unevaluated; a rule gives a list; anything else is nothing. */
function subject(list: readonly unknown[], data: unknown, run: Run, interpret: Interpret): unknown {
  const [first] = atLeast("a loop", list, 1);
  if (Array.isArray(first)) return first;
  if (first instanceof Quoted && Array.isArray(first.value)) return first.value;
  return typeof first === "object" && first !== null ? (interpret(first, data, run) ?? null) : null;
}

/** Runs what must be a rule: a literal where a rule is needed fails in flagd. */
function applyRule(operator: string, rule: unknown, data: unknown, run: Run, interpret: Interpret): unknown {
  const isRule = typeof rule === "object" && rule !== null && !Array.isArray(rule);
  if (!isRule || (rule instanceof Quoted && Array.isArray(rule.value))) {
    return refuse(`${operator} needs a rule as its second argument`);
  }
  return interpret(rule, data, run);
}

/** Puts what `data` knows in the place of each `var`; `""` and relative names stay, and so does what it does not know. */
function bind(rule: unknown, data: unknown, run: Run, interpret: Interpret): unknown {
  charge(run, STEP_WORK);
  if (Array.isArray(rule)) return rule.map((element) => bind(element, data, run, interpret));
  if (typeof rule !== "object" || rule === null || rule instanceof Quoted) return rule;
  const bound: [string, unknown][] = [];
  for (const [key, argument] of Object.entries(rule)) {
    if (key !== "var") {
      bound.push([key, bind(argument, data, run, interpret)]);
      continue;
    }
    const isOwnScope = typeof argument === "string" && (argument === "" || argument.startsWith("."));
    const value = isOwnScope ? null : resolve(interpret(argument, data, run), data, run);
    if (value !== null && value !== undefined) return typeof value === "object" ? new Quoted(value) : value;
    bound.push([key, argument]);
  }
  return Object.fromEntries(bound);
}
