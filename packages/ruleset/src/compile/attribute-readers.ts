import { readAttribute } from "../evaluate/read-context.ts";
import { FREE_LENGTH, type Run } from "../evaluate/run.ts";
import type { EvaluationContext } from "../types.ts";
import type { Closure } from "./closure.ts";

const above = Object.prototype as Readonly<Record<string, unknown>>;

/** Makes a closure that reads the attribute of a name. */
type Reader = (key: string) => Closure;

/*
 * The same reader, written out many times. An engine keeps what it learns about a property access by place in the
 * source: one place that reads many names costs 24 ns a read, a place that reads one name 7 ns. So every attribute name
 * gets a place of its own, for as many as there are; the names beyond share one.
 */
const readers: readonly Reader[] = [
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
  (key) => (context, run) => own(context[key], above[key], context, key, run),
];
const shared: Reader = (key) => (context, run) => own(context[key], above[key], context, key, run);

/**
 * What was found under a key, if it is the context's own. The short text that most attributes are is taken at once: in
 * an object right below `Object.prototype` it is its own unless that name is up there. All else is read properly.
 */
function own(found: unknown, inherited: unknown, context: EvaluationContext, key: string, run: Run): unknown {
  return typeof found === "string" &&
    inherited === undefined &&
    found.length <= FREE_LENGTH &&
    Object.getPrototypeOf(context) === above
    ? found
    : readAttribute(context, key, run);
}

const places = new Map<string, Reader>();

/** A closure that reads one top-level attribute as `readAttribute` does. */
export function createAttributeReader(key: string): Closure {
  return readerOf(key)(key);
}

/** The reader of an attribute name: its own, or the one that the names share which came too late. */
export function readerOf(key: string): (key: string) => Closure {
  const reader = places.get(key) ?? readers[places.size];
  if (reader === undefined) return shared;
  places.set(key, reader);
  return reader;
}
