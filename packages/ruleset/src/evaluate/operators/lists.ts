import { toNumber } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { charge, type Run, STEP_WORK } from "../run.ts";
import type { EagerOperator } from "./operator.ts";
import { asList, atLeast } from "./arguments.ts";
import { includesText } from "./includes-text.ts";

/** `in`: a text within a text, or an element of a list; a list within the list is a range `[from, to]`. */
export const isIn: EagerOperator = (args, _data, run) => {
  const [value, container] = atLeast("in", args, 1);
  return isMember(value, container, run);
};

/** What `in` answers for evaluated arguments. */
export function isMember(value: unknown, container: unknown, run: Run): boolean {
  if (typeof container === "string") {
    return typeof value === "string"
      ? includesText(container, value, run)
      : refuse("in a text, only a text can be found");
  }
  if (!Array.isArray(container)) return false;
  return container.some((element: unknown) => isElement(value ?? null, element ?? null));
}

function isElement(value: unknown, element: unknown): boolean {
  if (Array.isArray(element)) return isWithin(value, element);
  // A number meets every element as a number: 1 is in ["1"], but "1" is not in [1].
  if (typeof value === "number") return toNumber(element) === value;
  if (isObject(value) && isObject(element)) return refuse("objects cannot be compared");
  return element === value;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, range: readonly unknown[]): boolean {
  const [from, to] = atLeast("a range", range, 2);
  return toNumber(value) >= toNumber(from) && toNumber(to) >= toNumber(value);
}

/** `merge`: one list of all elements; a bare scalar becomes a list. */
export const merge: EagerOperator = (values, _data, run) => {
  if (values !== null && typeof values !== "object") return [values];
  const merged: unknown[] = [];
  for (const value of asList("merge", values)) {
    const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
    charge(run, elements.length * STEP_WORK);
    for (const element of elements) merged.push(element);
  }
  return merged;
};

/** `set`: a copy of an object with one property replaced. flagd's engine only: not portable. */
export const set: EagerOperator = (args, _data, run) => {
  const values = asList("set", args);
  const [target, property, value] = values;
  if (values.length < 3 || !isObject(target)) return target ?? null;
  if (typeof property !== "string") return refuse("set needs the name of a property");
  const entries = Object.entries(target as object);
  charge(run, entries.length * STEP_WORK);
  return Object.fromEntries([...entries, [property, value]]);
};

/** `contains_all`: whether the first list has every element of the second. flagd's engine only: not portable. */
export const containsAll: EagerOperator = (args) =>
  contained(args, (wanted, has) => wanted.every(has)) ?? false;

/** `contains_any`: whether the first list has an element of the second. flagd's engine only: not portable. */
export const containsAny: EagerOperator = (args) =>
  contained(args, (wanted, has) => wanted.some(has)) ?? false;

/** `contains_none`: whether the first list has no element of the second. flagd's engine only: not portable. */
export const containsNone: EagerOperator = (args) =>
  !(contained(args, (wanted, has) => wanted.some(has)) ?? false);

function contained(
  args: unknown,
  test: (wanted: readonly unknown[], has: (element: unknown) => boolean) => boolean,
): boolean | undefined {
  if (!Array.isArray(args) || args.length !== 2) return undefined;
  const [all, wanted] = args as unknown[];
  if (!Array.isArray(all) || !Array.isArray(wanted)) return undefined;
  const known = new Set<unknown>(all);
  // Go panics when it compares two lists or two objects, and finds everything else different.
  return test(wanted, (element) =>
    typeof element === "object" && element !== null
      ? all.some(
          (other) => isObject(other) === isObject(element) && typeof other === "object" && other !== null,
        ) && refuse("lists and objects cannot be compared")
      : known.has(element),
  );
}
