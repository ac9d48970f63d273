import { FREE_LENGTH, readAttribute } from "../evaluate/read-context.ts";
import type { EvaluationContext } from "../types.ts";
import type { Closure } from "./closure.ts";

type Reader = (key: string) => Closure;

const everyObject = Object.prototype as Readonly<Record<string, unknown>>;

/** Whether what was found under a key is the object's own: nothing of that name is above it. */
function isOwn(context: EvaluationContext, key: string, inherited: unknown): boolean {
  return inherited === undefined && Object.getPrototypeOf(context) === everyObject
    ? true
    : Object.hasOwn(context, key);
}

/*
 * The same closure, written out many times. An engine keeps what it learns about a property access by place in the
 * source: one place that reads many names costs 24 ns a read, a place that reads one name 7 ns. So every attribute name
 * gets a place of its own, for as many as there are. The short texts that most attributes are take the fast way.
 */
const readers: readonly Reader[] = [
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
  (key) => (context, run) => {
    const value = context[key];
    return typeof value === "string" && value.length <= FREE_LENGTH && isOwn(context, key, everyObject[key])
      ? value
      : readAttribute(context, key, run);
  },
];

const places = new Map<string, Reader>();

/** A closure that reads one top-level attribute as `readAttribute` does. */
export function createAttributeReader(key: string): Closure {
  let reader = places.get(key);
  if (reader === undefined) {
    reader = readers[Math.min(places.size, readers.length - 1)] as Reader;
    if (places.size < readers.length - 1) places.set(key, reader);
  }
  return reader(key);
}
