import { isRecord } from "../json.ts";
import type { Issue } from "../types.ts";

/** Reads the properties of one object and notes what is wrong with them. Only own properties count. */
export interface FieldReader {
  value(name: string): unknown;
  report(name: string, message: string): void;
  /** A text of 1 to `limit` characters. */
  text(name: string, limit: number): string | undefined;
  /** A text of 0 to `limit` characters, if it is there. */
  optionalText(name: string, limit: number): string | undefined;
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined;
  /** A list of texts, if it is there. */
  texts(name: string, entries: number, limit: number): readonly string[] | undefined;
}

/** Starts reading an object; undefined, with an issue, if it is none. */
export function readFields(
  input: unknown,
  path: readonly (string | number)[],
  issues: Issue[],
): FieldReader | undefined {
  const note = (at: readonly (string | number)[], message: string): void => {
    issues.push({
      code: "invalid-change",
      severity: "error",
      path: at,
      message: `${at.join(".") || "the change"} ${message}`,
    });
  };
  if (!isRecord(input)) {
    note(path, "must be an object");
    return undefined;
  }
  const reader: FieldReader = {
    value: (name) => (Object.hasOwn(input, name) ? input[name] : undefined),
    report: (name, message) => note([...path, name], message),
    text(name, limit) {
      const value = reader.value(name);
      if (value === undefined) return reader.report(name, "is missing") as undefined;
      if (value === "") return reader.report(name, "must not be empty") as undefined;
      return reader.optionalText(name, limit);
    },
    optionalText(name, limit) {
      const value = reader.value(name);
      if (value === undefined) return undefined;
      if (typeof value === "string" && value.length <= limit) return value;
      return reader.report(name, `must be a text of at most ${limit} characters`) as undefined;
    },
    oneOf(name, words) {
      const value = reader.value(name);
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) reader.report(name, `must be one of ${words.join(", ")}`);
      return word;
    },
    texts(name, entries, limit) {
      const value = reader.value(name);
      if (value === undefined) return undefined;
      if (!Array.isArray(value) || value.length > entries) {
        return reader.report(name, `must be a list of at most ${entries} texts`) as undefined;
      }
      for (const [index, entry] of value.entries()) {
        if (typeof entry === "string" && entry.length <= limit) continue;
        note([...path, name, index], `must be a text of at most ${limit} characters`);
      }
      return [...(value as readonly string[])];
    },
  };
  return reader;
}
