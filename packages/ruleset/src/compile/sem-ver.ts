import { type Relation, readVersion, versionRelations } from "../evaluate/operators/sem-ver.ts";
import type { Version } from "../evaluate/version.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";
import { parsePlainVersion, type PlainVersion, toPlain } from "./plain-version.ts";

/** `sem_ver` against a literal version, which is parsed once. */
export function compileSemVer(args: readonly Code[]): Closure | undefined {
  if (args.length !== 3) return undefined;
  const [left, operator, right] = args as readonly [Code, Code, Code];
  if (operator.kind !== "constant" || right.kind !== "constant") return undefined;
  const relation = versionRelations.get(operator.value as string);
  const limit = readVersion(right.value);
  const value = toClosure(left);
  if (relation === undefined || limit === undefined) {
    return (context, run) => {
      // Asked all the same: reading it may fail.
      value(context, run);
      return null;
    };
  }
  const orders = acceptedOrders.get(operator.value as string);
  const plainLimit = toPlain(limit);
  if (orders === undefined || plainLimit === undefined) {
    return (context, run) => relate(readVersion(value(context, run)), limit, relation);
  }
  const [acceptsLess, acceptsEqual, acceptsGreater] = orders;
  const [major, minor, patch] = plainLimit;
  return (context, run) => {
    const found = value(context, run);
    if (typeof found !== "string") return relate(readVersion(found), limit, relation);
    const { plain, version } = readRecent(found);
    if (plain === undefined) return relate(version, limit, relation);
    const order = plain[0] - major || plain[1] - minor || plain[2] - patch;
    if (order < 0) return acceptsLess;
    return order === 0 ? acceptsEqual : acceptsGreater;
  };
}

function relate(version: Version | undefined, limit: Version, relation: Relation): boolean | null {
  return version === undefined ? null : relation(version, limit);
}

/** Which orders a relation accepts: less, equal, greater. */
const acceptedOrders: ReadonlyMap<string, readonly [boolean, boolean, boolean]> = new Map([
  ["=", [false, true, false]],
  ["!=", [true, false, true]],
  ["<", [true, false, false]],
  ["<=", [true, true, false]],
  [">", [false, false, true]],
  [">=", [false, true, true]],
]);

/** What was read from a text; `plain` is the version where it is a plain one. */
export interface Reading {
  readonly text: string;
  readonly plain: PlainVersion | undefined;
  readonly version: Version | undefined;
}

let recent = read("");

/** Rules ask for the same version one after the other; the last one read is kept. */
export function readRecent(text: string): Reading {
  if (text !== recent.text) recent = read(text);
  return recent;
}

function read(text: string): Reading {
  const plain = parsePlainVersion(text);
  return { text, plain, version: plain ?? readVersion(text) };
}
