import { toNumber } from "../coerce.ts";
import { expected, nameOf, refuse } from "../failure.ts";
import { isRecord } from "../../json.ts";
import { charge, type Run, STEP_WORK } from "../run.ts";
import { asList, atLeast } from "./arguments.ts";
import type { EagerOperator, Operators } from "./operator.ts";

/** What `in` answers for evaluated arguments: a text within a text, or an element of a list. */
export function isMember(value: unknown, container: unknown, run: Run): boolean {
  if (typeof container === "string") {
    return typeof value === "string"
      ? includes(container, value, run)
      : expected("in a text, only a text can be found", value);
  }
  if (!Array.isArray(container)) return false;
  // Outside a loop each element was paid for, by being read or by counting towards the size of the rule.
  if (run.loops > 0) charge(run, container.length);
  return container.some((element) => isElement(value ?? null, element ?? null));
}

/** Up to this length an engine finds a part within 8 ns a character, however repetitive both are. */
const LINEAR_LENGTH = 250;

/** A search is paid for by its worst case: beyond that length every character may meet every other. */
function includes(text: string, part: string, run: Run): boolean {
  charge(run, text.length * (part.length > LINEAR_LENGTH ? part.length / 8 : 1));
  return text.includes(part);
}

function isElement(value: unknown, element: unknown): boolean {
  if (Array.isArray(element)) return isWithin(value, element);
  // A number meets every element as a number: 1 is in ["1"], but "1" is not in [1].
  if (typeof value === "number") return toNumber(element) === value;
  return isRecord(value) && isRecord(element) ? refuse(INCOMPARABLE) : element === value;
}

/** A list within the list is a range: `[from, to]`. */
function isWithin(value: unknown, range: readonly unknown[]): boolean {
  const [from, to] = atLeast("a range", range, 2);
  return toNumber(value) >= toNumber(from) && toNumber(to) >= toNumber(value);
}

const INCOMPARABLE = "lists and objects cannot be compared";

type Test = (element: unknown) => boolean;

/** Compares the elements of a second list with a first; false where there are no two lists. */
function contained(holds: (wanted: readonly unknown[], has: Test) => boolean): (args: unknown) => boolean {
  return (args) => {
    if (!Array.isArray(args) || args.length !== 2) return false;
    const [all, wanted] = args as unknown[];
    if (!Array.isArray(all) || !Array.isArray(wanted)) return false;
    const known = new Set<unknown>(all);
    return holds(wanted, (element) => {
      // Go panics when it compares two lists or two objects, and finds everything else different.
      const isCompound = typeof element === "object" && element !== null;
      if (isCompound && all.some((other) => nameOf(other) === nameOf(element))) return refuse(INCOMPARABLE);
      return known.has(element);
    });
  };
}

const containsAny = contained((wanted, has) => wanted.some(has));

/** Operators on lists. `set` and `contains_…` exist in flagd's engine only: not portable. */
export const lists: Operators<EagerOperator> = {
  in: (args, _data, run) => {
    const [value, container] = atLeast("in", args, 1);
    return isMember(value, container, run);
  },
  /** One list of all elements; a bare scalar becomes a list. */
  merge: (values, _data, run) => {
    if (typeof values !== "object") return [values];
    const merged: unknown[] = [];
    for (const value of asList("merge", values)) {
      const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
      charge(run, elements.length * STEP_WORK);
      for (const element of elements) merged.push(element);
    }
    return merged;
  },
  /** A copy of an object with one property replaced. */
  set: (args, _data, run) => {
    const values = asList("set", args);
    const [target, property, value] = values;
    if (values.length < 3 || !isRecord(target)) return target ?? null;
    if (typeof property !== "string") return expected("set needs the name of a property", property);
    const entries = Object.entries(target);
    charge(run, entries.length * STEP_WORK);
    return Object.fromEntries([...entries, [property, value]]);
  },
  /** Whether the first list has every element of the second. */
  contains_all: contained((wanted, has) => wanted.every(has)),
  /** Whether the first list has an element of the second. */
  contains_any: containsAny,
  /** Whether the first list has no element of the second. */
  contains_none: (args) => !containsAny(args),
};
