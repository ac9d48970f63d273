import { toInteger, toNumber, toText } from "../coerce.ts";
import { expected } from "../failure.ts";
import { normalize } from "../read-context.ts";
import { chargeText, type Run } from "../run.ts";
import { asList } from "./arguments.ts";
import type { EagerOperator, Operators } from "./operator.ts";

/** What `var` answers for an already evaluated argument; null where there is nothing. */
export function resolve(name: unknown, data: unknown, run: Run): unknown {
  if (name === null || name === undefined)
    return typeof data === "object" ? null : readPath("", data, run, null);
  const list: readonly unknown[] = Array.isArray(name)
    ? name
    : [typeof name === "number" ? toText(name) : name];
  const [path = "", fallback] = list;
  if (typeof path !== "string") return expected("var needs a path", path);
  return readPath(path, data, run, list.length === 2 ? fallback : null);
}

/** Follows a dotted path, of which none is the whole scope. Empty segments are skipped. */
export function readPath(path: string, data: unknown, run: Run, fallback: unknown): unknown {
  const segments = path.split(".").filter(Boolean);
  chargeText(path, run);
  if (data !== run.root) {
    // JSON already, but a text is paid for each time that it is read.
    const found = follow(segments, data);
    chargeText(found, run);
    return found ?? fallback;
  }
  if (segments.length === 0) return { ...(normalize(data, run) as object), $flagd: flagdProperties(run) };
  if (segments[0] === "$flagd") return follow(segments, { $flagd: flagdProperties(run) }) ?? fallback;
  // The caller's context is read raw and only what is found is made JSON; elements and literals are JSON already.
  return normalize(follow(segments, data), run) ?? fallback;
}

/** What flagd adds to every context; the timestamp is in whole seconds. */
function flagdProperties(run: Run): { readonly flagKey: string; readonly timestamp: number } {
  return { flagKey: run.flagKey, timestamp: Math.floor(run.nowMs / 1000) };
}

/** Own properties all the way, or elements by the leading integer of a name (any other name: the first). */
function follow(segments: readonly string[], data: unknown): unknown {
  let value = data;
  for (const segment of segments) {
    if (typeof value !== "object" || value === null) return null;
    if (Array.isArray(value)) value = value[toInteger(toNumber(segment))];
    else value = Object.hasOwn(value, segment) ? (value as Record<string, unknown>)[segment] : null;
  }
  return value;
}

function areMissing(names: readonly unknown[], data: unknown, run: Run): readonly unknown[] {
  return names.filter((name) => (resolve(name, data, run) ?? null) === null);
}

/** Operators that read the scope. */
export const variables: Operators<EagerOperator> = {
  /** A property by path, `[path, default]`, or with `""` the whole scope. */
  var: resolve,
  /** An object result that has only a variant looks like an operation; it passes through (flagd#2013). */
  variant: (variant) => ({ variant }),
  /** Those of the named attributes that are not there. */
  missing: (args, data, run) =>
    areMissing(typeof args === "string" ? [args] : asList("missing", args), data, run),
  /** The missing names, unless at least so many are there. */
  missing_some: (args, data, run) => {
    const [least, list] = asList("missing_some", args);
    const needed = toInteger(toNumber(least));
    const names = asList("missing_some", list);
    const absent = areMissing(names, data, run);
    return needed > names.length - absent.length ? absent : [];
  },
};
