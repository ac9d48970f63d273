import type { EagerOperator } from "./operator.ts";
import { compareParts, compareVersions, parseVersion, type Version } from "../version.ts";

/** How two versions relate. */
export type Relation = (a: Version, b: Version) => boolean;

function ordered(accepts: (order: number) => boolean): Relation {
  return (a, b) => accepts(compareVersions(a, b));
}

/** How two versions relate; `^` and `~` are plain equality of major and of major.minor, not npm's ranges. */
export const versionRelations: ReadonlyMap<string, Relation> = new Map([
  ["=", ordered((order) => order === 0)],
  ["!=", ordered((order) => order !== 0)],
  ["<", ordered((order) => order < 0)],
  ["<=", ordered((order) => order <= 0)],
  [">", ordered((order) => order > 0)],
  [">=", ordered((order) => order >= 0)],
  ["^", (a, b) => compareParts(a, b, 1) === 0],
  ["~", (a, b) => compareParts(a, b, 2) === 0],
]);

/** `sem_ver`: `[version, operator, version]`; anything invalid gives null, not false. */
export const semVer: EagerOperator = (values) => {
  if (!Array.isArray(values) || values.length !== 3) return null;
  const relation = versionRelations.get(values[1]);
  const a = readVersion(values[0]);
  const b = readVersion(values[2]);
  return a !== undefined && b !== undefined && relation !== undefined ? relation(a, b) : null;
};

/** A version from an evaluated argument: texts, and numbers as they print. */
export function readVersion(value: unknown): Version | undefined {
  if (typeof value === "string") return parseVersion(value);
  return typeof value === "number" ? parseVersion(String(value)) : undefined;
}
