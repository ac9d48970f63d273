/** One number of a version; text where it has too many digits for a double. */
type Part = number | string;

/** A semantic version. Build metadata plays no part and is not kept. */
export interface Version {
  readonly major: Part;
  readonly minor: Part;
  readonly patch: Part;
  /** Empty for a release. */
  readonly prerelease: readonly string[];
}

const NUMBER = String.raw`(0|[1-9]\d*)`;
const IDENTIFIERS = String.raw`([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)`;
const VERSION = new RegExp(
  String.raw`^[vV]?${NUMBER}(?:\.${NUMBER}(?:\.${NUMBER}(?:-${IDENTIFIERS})?(?:\+${IDENTIFIERS})?)?)?$`,
);
const NUMERIC = /^\d+$/;
const MAX_EXACT_DIGITS = 15;
const RELEASE: readonly string[] = [];

/** Reads a version as flagd does: one `v`, missing minor and patch count as 0; undefined where it is none. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "0", patch = "0", identifiers] = match;
  const prerelease = identifiers === undefined ? RELEASE : identifiers.split(".");
  if (prerelease.some((part) => part.length > 1 && part.startsWith("0") && NUMERIC.test(part)))
    return undefined;
  return { major: toPart(major), minor: toPart(minor), patch: toPart(patch), prerelease };
}

function toPart(digits: string): Part {
  return digits.length > MAX_EXACT_DIGITS ? digits : Number(digits);
}

/** Negative, 0 or positive, by semver 2.0 §11. */
export function compareVersions(a: Version, b: Version): number {
  return compareParts(a, b, 3) || comparePrereleases(a.prerelease, b.prerelease);
}

/** Compares major, then minor, then patch, as many as asked. */
export function compareParts(a: Version, b: Version, count: 1 | 2 | 3): number {
  return (
    comparePart(a.major, b.major) ||
    (count > 1 && comparePart(a.minor, b.minor)) ||
    (count > 2 && comparePart(a.patch, b.patch)) ||
    0
  );
}

function comparePart(a: Part, b: Part): number {
  return typeof a === "number" && typeof b === "number" ? a - b : compareNumbers(String(a), String(b));
}

function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i] ?? "", b[i] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIdentifiers(a: string, b: string): number {
  const aIsNumber = NUMERIC.test(a);
  if (aIsNumber !== NUMERIC.test(b)) return aIsNumber ? -1 : 1;
  return aIsNumber ? compareNumbers(a, b) : compareTexts(a, b);
}
