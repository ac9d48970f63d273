import { nameOf, toInteger, toNumber, toText } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { normalize } from "../read-context.ts";
import type { Run } from "../run.ts";
import type { EagerOperator } from "./operator.ts";
import { asList } from "./arguments.ts";

/** `var`: a property by path, `[path, default]`, or with `""` the whole scope. */
export const variable: EagerOperator = resolve;

/** An object result that has only a variant looks like an operation; it passes through (flagd#2013). */
export const variant: EagerOperator = (args) => ({ variant: args });

/** What `var` answers for an already evaluated argument; null where there is nothing. */
export function resolve(name: unknown, data: unknown, run: Run): unknown {
  if (name === null || name === undefined) return typeof data === "object" ? null : data;
  if (typeof name === "string") return readPath(name, data, run, null);
  if (typeof name === "number") return readPath(toText(name), data, run, null);
  if (!Array.isArray(name)) return refuse(`var needs a path, got ${nameOf(name)}`);
  if (name.length === 0) return wholeScope(data, run);
  const path: unknown = name[0];
  if (typeof path !== "string") return refuse(`var needs a path as its first argument, got ${nameOf(path)}`);
  const fallback: unknown = name.length === 2 ? name[1] : null;
  // Only a bare "" means the scope; [""] walks no step, which is the scope too.
  return readPath(path, data, run, fallback);
}

/** Follows a dotted path. Empty segments are skipped; a list takes the leading integer of a segment as index. */
export function readPath(path: string, data: unknown, run: Run, fallback: unknown): unknown {
  const segments = path.split(".").filter((segment) => segment !== "");
  if (segments.length === 0) return wholeScope(data, run) ?? fallback;
  const isRoot = data === run.root;
  let value: unknown = isRoot && segments[0] === "$flagd" ? { $flagd: flagdProperties(run) } : data;
  for (const segment of segments) {
    value = readSegment(value, segment);
    if (value === null || value === undefined) return fallback;
  }
  // The caller's context is read raw and only what is found is made JSON; elements and literals are JSON already.
  return (isRoot ? normalize(value, run) : value) ?? fallback;
}

/** One step of a path: an own property, or an element by the leading integer of its name (any other name: the first). */
export function readSegment(value: unknown, segment: string): unknown {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    const index = toInteger(toNumber(segment));
    return index >= 0 && index < value.length ? value[index] : null;
  }
  return Object.hasOwn(value, segment) ? (value as Record<string, unknown>)[segment] : null;
}

function wholeScope(data: unknown, run: Run): unknown {
  if (data !== run.root) return data;
  return { ...(normalize(data, run) as object), $flagd: flagdProperties(run) };
}

/** What flagd adds to every context; the timestamp is in whole seconds. */
function flagdProperties(run: Run): { readonly flagKey: string; readonly timestamp: number } {
  return { flagKey: run.flagKey, timestamp: Math.floor(run.nowMs / 1000) };
}

/** `missing`: those of the named attributes that are not there. */
export const missing: EagerOperator = (names, data, run) => {
  return (typeof names === "string" ? [names] : asList("missing", names)).filter((name) =>
    isMissing(name, data, run),
  );
};

/** `missing_some`: the missing names, unless at least so many are there. */
export const missingSome: EagerOperator = (args, data, run) => {
  const [needed, list] = asList("missing_some", args);
  const atLeast = toInteger(toNumber(needed));
  const names = asList("missing_some", list);
  const absent = names.filter((name) => isMissing(name, data, run));
  return atLeast > names.length - absent.length ? absent : [];
};

function isMissing(name: unknown, data: unknown, run: Run): boolean {
  const value = resolve(name, data, run);
  return value === null || value === undefined;
}
