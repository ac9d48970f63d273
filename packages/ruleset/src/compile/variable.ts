import { readPath } from "../evaluate/operators/variables.ts";
import { FREE_LENGTH } from "../evaluate/run.ts";
import { createAttributeReader } from "./attribute-readers.ts";
import type { Closure, Code } from "./closure.ts";

/** `var` with a literal path, and a literal default if any. */
export function compileVariable(args: readonly Code[]): Closure | undefined {
  const [path, fallbackCode] = args;
  if (path?.kind !== "constant" || typeof path.value !== "string" || args.length > 2) return undefined;
  // A list of one is a path without default, whatever else it is.
  if (fallbackCode !== undefined && fallbackCode.kind !== "constant") return undefined;
  return compilePath(path.value, fallbackCode?.value ?? null);
}

function compilePath(path: string, fallback: unknown): Closure | undefined {
  const segments = path.split(".").filter((segment) => segment !== "");
  const [first] = segments;
  // What is charged for the length of its name is the general way's.
  if (first === undefined || path.length > FREE_LENGTH) return undefined;
  if (first === "$flagd") return segments.length === 2 ? flagdProperty(segments[1]) : undefined;
  if (segments.length > 1) return (context, run) => readPath(path, context, run, fallback);
  const read = createAttributeReader(first);
  return fallback === null ? read : (context, run) => read(context, run) ?? fallback;
}

function flagdProperty(name: string | undefined): Closure | undefined {
  if (name === "flagKey") return (_context, run) => run.flagKey;
  if (name === "timestamp") return (_context, run) => Math.floor(run.nowMs / 1000);
  return undefined;
}
