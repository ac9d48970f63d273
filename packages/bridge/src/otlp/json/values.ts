import { maxDepth } from "../limits.ts";
import type { Attributes, AttributeValue, Scope } from "../types.ts";
import { Unreadable } from "../unreadable.ts";

/** Something that was parsed and not yet looked at. */
export type Loose = Readonly<Record<string, unknown>>;

/** The value as an object; an absent one is empty. */
export function readObject(value: unknown, where: string): Loose {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new Unreadable(`${where} is not an object`);
  return value as Loose;
}

/** The value as a list of objects; an absent one is empty. */
export function readList(value: unknown, where: string): readonly Loose[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Unreadable(`${where} is not a list`);
  return value.map((element, index) => readObject(element, `${where}[${index}]`));
}

/** The value as text, or nothing where it is empty or absent. */
export function readText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value as a number: OTLP/JSON writes 64-bit integers as strings and some senders write numbers. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || value === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) && value !== "NaN" ? undefined : number;
}

/** Nanoseconds since the epoch as milliseconds, fractions kept; nothing where absent or zero. */
export function readTimeMs(value: unknown): number | undefined {
  const nanos = readNumber(value);
  return nanos === undefined || !(nanos > 0) ? undefined : nanos / 1e6;
}

/** A trace or span id as lower-case hex of the length asked for; nothing where absent, all zero or not an id. */
export function readId(value: unknown, digits: 16 | 32): string | undefined {
  if (typeof value !== "string" || value.length !== digits) return undefined;
  const id = value.toLowerCase();
  return /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id) ? id : undefined;
}

/** A list of key-value pairs as attributes; pairs without a value are left out, of repeated keys the last stays. */
export function readAttributes(value: unknown, where: string): Attributes {
  const entries: [string, AttributeValue][] = [];
  for (const pair of readList(value, where)) {
    const read = readAnyValue(pair["value"], 0);
    if (typeof pair["key"] === "string" && read !== undefined) entries.push([pair["key"], flatten(read)]);
  }
  return Object.fromEntries(entries);
}

/** The attributes of a resource. */
export function readResource(value: unknown, where: string): Attributes {
  return readAttributes(readObject(value, where)["attributes"], `${where}.attributes`);
}

/** An instrumentation scope; without a name its name is empty. */
export function readScope(value: unknown, where: string): Scope {
  const scope = readObject(value, where);
  const version = readText(scope["version"]);
  return { name: readText(scope["name"]) ?? "", ...(version === undefined ? {} : { version }) };
}

/** A body as text: strings as they are, everything else as JSON. */
export function readBody(value: unknown): string | undefined {
  const body = readAnyValue(value, 0);
  if (body === undefined) return undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}

type Nested = string | number | boolean | readonly Nested[] | { readonly [key: string]: Nested };

function readAnyValue(value: unknown, depth: number): Nested | undefined {
  if (depth > maxDepth) throw new Unreadable(`a value nests deeper than ${maxDepth} levels`);
  if (typeof value !== "object" || value === null) return undefined;
  const any = value as Loose;
  if (typeof any["stringValue"] === "string") return any["stringValue"];
  if (typeof any["boolValue"] === "boolean") return any["boolValue"];
  if (any["intValue"] !== undefined) return readNumber(any["intValue"]);
  if (any["doubleValue"] !== undefined) return readNumber(any["doubleValue"]);
  if (typeof any["bytesValue"] === "string") return any["bytesValue"];
  if (any["arrayValue"] !== undefined) {
    return readList(readObject(any["arrayValue"], "arrayValue")["values"], "arrayValue.values")
      .map((element) => readAnyValue(element, depth + 1))
      .filter((element) => element !== undefined);
  }
  if (any["kvlistValue"] !== undefined) {
    const entries: [string, Nested][] = [];
    for (const pair of readList(
      readObject(any["kvlistValue"], "kvlistValue")["values"],
      "kvlistValue.values",
    )) {
      const read = readAnyValue(pair["value"], depth + 1);
      if (typeof pair["key"] === "string" && read !== undefined) entries.push([pair["key"], read]);
    }
    return Object.fromEntries(entries);
  }
  return undefined;
}

function flatten(value: Nested): AttributeValue {
  if (typeof value !== "object") return value;
  if (!isList(value)) return JSON.stringify(value);
  return value.map((element) => (typeof element === "object" ? JSON.stringify(element) : element));
}

function isList(value: Nested): value is readonly Nested[] {
  return Array.isArray(value);
}
