import { isRecord } from "../json.ts";
import type { Issue } from "../types.ts";
import type { FlagSummary } from "./flag-change.ts";
import { type FieldReader, readFields } from "./read-fields.ts";

/** More segments than these, or variants in a summary, are refused. */
export const MAX_ENTRIES = 256;

/** Reads a summary, if it is there. */
export function readFlagSummary(
  input: unknown,
  path: readonly (string | number)[],
  issues: Issue[],
): FlagSummary | undefined {
  if (input === undefined) return undefined;
  const read = readFields(input, path, issues);
  if (read === undefined) return undefined;
  const state = read.oneOf("state", ["ENABLED", "DISABLED"] as const);
  const defaultVariant = read.value("defaultVariant") === null ? null : read.text("defaultVariant", 512);
  const percentages = readPercentages(read);
  const segments = read.texts("segments", MAX_ENTRIES, 512);
  if (state === undefined || defaultVariant === undefined) return undefined;
  return {
    state,
    defaultVariant,
    ...(percentages === undefined ? {} : { percentages }),
    ...(segments === undefined ? {} : { segments }),
  };
}

function readPercentages(read: FieldReader): Readonly<Record<string, number>> | undefined {
  const value = read.value("percentages");
  if (value === undefined) return undefined;
  if (!isRecord(value) || Object.keys(value).length > MAX_ENTRIES) {
    return read.report(
      "percentages",
      `must be an object of at most ${MAX_ENTRIES} shares by variant`,
    ) as undefined;
  }
  const shares = Object.entries(value);
  if (shares.some(([, share]) => typeof share !== "number" || !(share >= 0 && share <= 100))) {
    return read.report("percentages", "must hold numbers from 0 to 100") as undefined;
  }
  return Object.fromEntries(shares) as Readonly<Record<string, number>>;
}
