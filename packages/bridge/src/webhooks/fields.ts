import type { Fields } from "./vendor.ts";

/** The value as an object; anything else is an empty one. */
export function asObject(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value as a list; anything else is an empty one. How long it can be, the limit on bodies decides. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text: text and numbers; empty text is none. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A time as RFC 3339: milliseconds (or seconds, if that small) since the epoch, or any text that Date reads. */
export function asTime(value: unknown): string | undefined {
  const number =
    typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value))
      ? Number(value)
      : undefined;
  const ms = number === undefined ? Date.parse(String(value)) : number < 1e11 ? number * 1000 : number;
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}

/** An object without its undefined properties, so that an absent fact is an absent property. */
export function present<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
