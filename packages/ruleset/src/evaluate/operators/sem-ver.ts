import { compareVersions, parseVersion, type Version } from "../version.ts";
import type { EagerOperator } from "./operator.ts";

/** How two versions relate. */
export type Relation = (a: Version, b: Version) => boolean;

/** Holds for versions in one of the given orders, looking at no more than so many parts of them. */
function ordered(accepts: (order: number) => boolean, parts?: number): Relation {
  return (a, b) => accepts(compareVersions(a, b, parts));
}

const isSame = (order: number): boolean => order === 0;

/** How two versions relate; `^` and `~` are plain equality of major and of major.minor, not npm's ranges. */
export const versionRelations: ReadonlyMap<string, Relation> = new Map([
  ["=", ordered(isSame)],
  ["!=", ordered((order) => order !== 0)],
  ["<", ordered((order) => order < 0)],
  ["<=", ordered((order) => order <= 0)],
  [">", ordered((order) => order > 0)],
  [">=", ordered((order) => order >= 0)],
  ["^", ordered(isSame, 1)],
  ["~", ordered(isSame, 2)],
]);

/** `sem_ver`: `[version, operator, version]`; anything invalid gives null, not false. */
export const semVer: EagerOperator = (values) => {
  if (!Array.isArray(values) || values.length !== 3) return null;
  const relation = versionRelations.get(values[1]);
  const a = readVersion(values[0]);
  const b = readVersion(values[2]);
  return a && b && relation ? relation(a, b) : null;
};

/** A version from an evaluated argument: texts, and numbers as Go prints them, which from a million on is no version. */
export function readVersion(value: unknown): Version | undefined {
  return typeof value === "string" || (typeof value === "number" && value < 1e6)
    ? parseVersion(`${value}`)
    : undefined;
}
