import { nameOf, toInteger, toNumber, toText } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { interpret } from "../interpret.ts";
import { normalize, readAttribute } from "../read-context.ts";
import type { Run } from "../run.ts";
import type { Operator } from "./index.ts";
import { asList } from "./arguments.ts";

/** `var`: a property by path, `[path, default]`, or with `""` the whole scope. */
export const variable: Operator = (args, data, run) => resolve(interpret(args, data, run), data, run);

/** An object result that has only a variant looks like an operation; it passes through (flagd#2013). */
export const variant: Operator = (args, data, run) => ({ variant: interpret(args, data, run) });

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
  let value: unknown = data;
  let isRoot = data === run.root;
  for (const segment of path.split(".")) {
    if (segment === "") continue;
    value = isRoot ? readRoot(segment, run) : readSegment(value, segment);
    isRoot = false;
    if (value === null || value === undefined) return fallback;
  }
  return isRoot ? wholeScope(value, run) : (value ?? fallback);
}

function readRoot(segment: string, run: Run): unknown {
  if (segment === "$flagd") return flagdProperties(run);
  return readAttribute(run.root, segment, run);
}

function readSegment(value: unknown, segment: string): unknown {
  if (Array.isArray(value)) {
    const index = toInteger(toNumber(segment));
    return index >= 0 && index < value.length ? value[index] : null;
  }
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return null;
  return (value as Record<string, unknown>)[segment];
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
export const missing: Operator = (args, data, run) => {
  const names = interpret(args, data, run);
  return (typeof names === "string" ? [names] : asList("missing", names)).filter((name) =>
    isMissing(name, data, run),
  );
};

/** `missing_some`: the missing names, unless at least so many are there. */
export const missingSome: Operator = (args, data, run) => {
  const [needed, list] = asList("missing_some", interpret(args, data, run));
  const atLeast = toInteger(toNumber(needed));
  const names = asList("missing_some", list);
  const absent = names.filter((name) => isMissing(name, data, run));
  return atLeast > names.length - absent.length ? absent : [];
};

function isMissing(name: unknown, data: unknown, run: Run): boolean {
  const value = resolve(name, data, run);
  return value === null || value === undefined;
}
