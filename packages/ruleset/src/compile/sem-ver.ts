import { readVersion, versionRelations } from "../evaluate/operators/sem-ver.ts";
import { compareVersions, type Version } from "../evaluate/version.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";
import { parsePlainVersion } from "./plain-version.ts";

/** `sem_ver` against a literal version, which is parsed once. */
export function compileSemVer(args: readonly Code[]): Closure | undefined {
  const [left, operator, right] = args;
  if (args.length !== 3 || left === undefined) return undefined;
  if (operator?.kind !== "constant" || right?.kind !== "constant") return undefined;
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
  if (orders === undefined) {
    return (context, run) => {
      const version = readRecent(value(context, run));
      return version === undefined ? null : relation(version, limit);
    };
  }
  const [acceptsLess, acceptsEqual, acceptsGreater] = orders;
  return (context, run) => {
    const version = readRecent(value(context, run));
    if (version === undefined) return null;
    const order = compareVersions(version, limit);
    if (order === 0) return acceptsEqual;
    return order < 0 ? acceptsLess : acceptsGreater;
  };
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

let recentText = "";
let recentVersion: Version | undefined;

/** Rules ask for the same version one after the other; the last one parsed is kept. */
function readRecent(value: unknown): Version | undefined {
  if (typeof value !== "string") return readVersion(value);
  if (value !== recentText) {
    recentText = value;
    recentVersion = parsePlainVersion(value) ?? readVersion(value);
  }
  return recentVersion;
}
