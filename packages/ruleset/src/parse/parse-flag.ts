import { isRecord } from "../json.ts";
import type { FlagDefinition, FlagMetadata, Issue, IssueCode, JsonValue } from "../types.ts";
import type { Budget } from "./budget.ts";
import type { ReferenceResolver } from "./references.ts";

/** Where a flag stands, and who is told what is wrong with it. */
export interface FlagPlace {
  readonly key: string;
  /** Under `flags`: the key, or the index in a list. */
  readonly index: string | number;
  readonly report: (issue: Issue) => void;
}

/** Reads one flag; `undefined` means it was reported with an error and cannot be evaluated. */
export function parseFlag(
  value: unknown,
  place: FlagPlace,
  resolver: ReferenceResolver,
  budget: Budget,
): FlagDefinition | undefined {
  if (!isRecord(value))
    return refuse(place, "invalid-flag", null, "a flag must be an object with state and variants");
  const { state, variants, defaultVariant, targeting, metadata } = value;
  if (state !== "ENABLED" && state !== "DISABLED") {
    return refuse(place, "invalid-state", "state", 'state must be "ENABLED" or "DISABLED"');
  }
  if (!isRecord(variants)) return refuse(place, "invalid-variants", "variants", "variants must be an object");
  if (defaultVariant !== undefined && defaultVariant !== null && typeof defaultVariant !== "string") {
    return refuse(
      place,
      "invalid-default-variant",
      "defaultVariant",
      "defaultVariant must name a variant or be null",
    );
  }
  if (
    typeof defaultVariant === "string" &&
    defaultVariant !== "" &&
    !Object.hasOwn(variants, defaultVariant)
  ) {
    const message = `defaultVariant "${defaultVariant}" is none of the variants`;
    return refuse(place, "invalid-default-variant", "defaultVariant", message);
  }
  let resolved = targeting as JsonValue | undefined;
  if (typeof targeting === "object" && targeting !== null) {
    resolved = resolver.resolve(targeting as JsonValue, place);
    if (resolved === undefined) {
      const message = `targeting is nested deeper than ${budget.maxDepth} levels or has more than ${budget.maxNodes} values`;
      return refuse(place, "budget-exceeded", "targeting", message);
    }
  }
  const cleaned = metadata === undefined ? undefined : parseMetadata(metadata, place);
  // The definition is the parsed object itself wherever nothing had to change: a second copy would double the memory.
  if (resolved === targeting && cleaned === metadata) return value as unknown as FlagDefinition;
  return {
    ...value,
    ...(resolved === undefined ? {} : { targeting: resolved }),
    ...(cleaned === undefined ? {} : { metadata: cleaned }),
  } as FlagDefinition;
}

/** Reads metadata of a flag, or of the set: what is no scalar is reported and left out, nulls are left out. */
export function parseMetadata(
  value: unknown,
  place: Pick<FlagPlace, "report"> & Partial<Pick<FlagPlace, "key" | "index">>,
): FlagMetadata {
  if (isRecord(value) && hasOnlyScalars(value)) return value as FlagMetadata;
  const path = place.index === undefined ? ["metadata"] : ["flags", place.index, "metadata"];
  const where = place.key === undefined ? {} : { flagKey: place.key };
  const report = (at: readonly (string | number)[], message: string): void => {
    place.report({ code: "invalid-metadata", severity: "error", path: at, message, ...where });
  };
  if (!isRecord(value)) {
    report(path, "metadata must be an object; it is ignored");
    return {};
  }
  const kept = Object.entries(value).filter(([key, entry]) => {
    if (entry === null || isScalar(entry)) return entry !== null;
    report([...path, key], `metadata "${key}" must be a string, number or boolean; it is ignored`);
    return false;
  });
  return Object.fromEntries(kept) as FlagMetadata;
}

function hasOnlyScalars(value: Readonly<Record<string, unknown>>): boolean {
  for (const key in value) if (!isScalar(value[key])) return false;
  return true;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function refuse(place: FlagPlace, code: IssueCode, property: string | null, message: string): undefined {
  // Written out, not spread: a document may hold tens of thousands of broken flags.
  const path = property === null ? ["flags", place.index] : ["flags", place.index, property];
  place.report({ code, severity: "error", path, message, flagKey: place.key });
}
