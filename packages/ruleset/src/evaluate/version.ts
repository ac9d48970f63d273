/**
 * A semantic version: major, minor and patch, then the identifiers of the prerelease. Build metadata plays no part and is
 * not kept. A number may be its digits, since some have too many for a double.
 */
export type Version = readonly (number | string)[];

const VERSION =
  /^v?(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:-([\da-z.-]+))?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?)?)?$/i;
/** An identifier that is empty, or a number with a leading zero, anywhere in a prerelease. */
const BAD_IDENTIFIER = /(?:^|\.)(?:0\d+)?(?:\.|$)/;
/** Major, minor and patch. */
const RELEASE_LENGTH = 3;

/** Reads a version as flagd does: one `v`, missing minor and patch count as 0; undefined where it is none. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "0", patch = "0", prerelease] = match;
  if (prerelease === undefined) return [major, minor, patch];
  return BAD_IDENTIFIER.test(prerelease) ? undefined : [major, minor, patch, ...prerelease.split(".")];
}

/** Negative, 0 or positive, by semver 2.0 §11; or only by major, minor, …, as many as asked. */
export function compareVersions(a: Version, b: Version, count: number = Infinity): number {
  for (let i = 0; i < Math.min(a.length, b.length, count); i++) {
    const order = compareIdentifiers(a[i] ?? 0, b[i] ?? 0);
    if (order !== 0) return order;
  }
  if (count <= RELEASE_LENGTH) return 0;
  const order = a.length - b.length;
  // What comes before a release has more identifiers, but is less.
  return a.length === RELEASE_LENGTH || b.length === RELEASE_LENGTH ? -order : order;
}

/** Numbers by value and before texts; texts by ASCII. */
function compareIdentifiers(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [`${a}`, `${b}`];
  const isNumber = isNumeric(x);
  if (isNumber !== isNumeric(y)) return isNumber ? -1 : 1;
  return (isNumber && x.length - y.length) || (x < y ? -1 : Number(x > y));
}

function isNumeric(identifier: string): boolean {
  return /^\d+$/.test(identifier);
}
