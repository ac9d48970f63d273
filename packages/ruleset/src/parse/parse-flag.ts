import { isRecord } from "../json.ts";
import type { FlagDefinition, FlagMetadata, Issue, IssueCode, JsonValue } from "../types.ts";
import type { Budget } from "./budget.ts";
import type { ReferenceResolver } from "./references.ts";

/** Where a flag stands, and who is told what is wrong with it. */
export interface FlagPlace {
  readonly key: string;
  readonly path: readonly (string | number)[];
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
    return refuse(place, "invalid-flag", [], "a flag must be an object with state and variants");
  const { state, variants, defaultVariant, targeting, metadata } = value;
  if (state !== "ENABLED" && state !== "DISABLED") {
    return refuse(place, "invalid-state", ["state"], 'state must be "ENABLED" or "DISABLED"');
  }
  if (!isRecord(variants))
    return refuse(place, "invalid-variants", ["variants"], "variants must be an object");
  if (defaultVariant !== undefined && defaultVariant !== null && typeof defaultVariant !== "string") {
    return refuse(
      place,
      "invalid-default-variant",
      ["defaultVariant"],
      "defaultVariant must name a variant or be null",
    );
  }
  if (
    typeof defaultVariant === "string" &&
    defaultVariant !== "" &&
    !Object.hasOwn(variants, defaultVariant)
  ) {
    const message = `defaultVariant "${defaultVariant}" is none of the variants`;
    return refuse(place, "invalid-default-variant", ["defaultVariant"], message);
  }
  let resolved = targeting as JsonValue | undefined;
  if (typeof targeting === "object" && targeting !== null) {
    resolved = resolver.resolve(targeting as JsonValue, (name) => {
      place.report({
        code: "unknown-reference",
        severity: "error",
        path: [...place.path, "targeting"],
        message: `"$ref": "${name}" names no usable evaluator; a rule that reaches it fails with PARSE_ERROR`,
        flagKey: place.key,
      });
    });
    if (resolved === undefined) {
      const message = `targeting is nested deeper than ${budget.maxDepth} levels or has more than ${budget.maxNodes} values`;
      return refuse(place, "budget-exceeded", ["targeting"], message);
    }
  }
  const cleaned =
    metadata === undefined ? undefined : parseMetadata(metadata, [...place.path, "metadata"], place);
  // The definition is the parsed object itself wherever nothing had to change: a second copy would double the memory.
  if (resolved === targeting && cleaned === metadata) return value as unknown as FlagDefinition;
  return {
    ...value,
    ...(resolved === undefined ? {} : { targeting: resolved }),
    ...(cleaned === undefined ? {} : { metadata: cleaned }),
  } as FlagDefinition;
}

/** Reads metadata: what is no scalar is reported and left out, nulls are left out. */
export function parseMetadata(
  value: unknown,
  path: readonly (string | number)[],
  place: Pick<FlagPlace, "report"> & { readonly key?: string },
): FlagMetadata {
  const where = place.key === undefined ? {} : { flagKey: place.key };
  if (!isRecord(value)) {
    place.report({
      code: "invalid-metadata",
      severity: "error",
      path,
      message: "metadata must be an object; it is ignored",
      ...where,
    });
    return {};
  }
  const keys = Object.keys(value);
  const kept = keys.filter((key) => {
    const type = typeof value[key];
    return type === "string" || type === "number" || type === "boolean";
  });
  if (kept.length === keys.length) return value as FlagMetadata;
  for (const key of keys) {
    if (kept.includes(key) || value[key] === null) continue;
    const message = `metadata "${key}" must be a string, number or boolean; it is ignored`;
    place.report({ code: "invalid-metadata", severity: "error", path: [...path, key], message, ...where });
  }
  return Object.fromEntries(kept.map((key) => [key, value[key] as string | number | boolean]));
}

function refuse(place: FlagPlace, code: IssueCode, path: readonly string[], message: string): undefined {
  place.report({ code, severity: "error", path: [...place.path, ...path], message, flagKey: place.key });
}
