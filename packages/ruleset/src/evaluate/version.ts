/** A semantic version. Numbers stay text: components may exceed 2⁵³. */
export interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** Empty for a release. Build metadata plays no part and is not kept. */
  readonly prerelease: readonly string[];
}

const NUMBER = String.raw`(0|[1-9]\d*)`;
const IDENTIFIERS = String.raw`([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)`;
const VERSION = new RegExp(
  String.raw`^[vV]?${NUMBER}(?:\.${NUMBER}(?:\.${NUMBER}(?:-${IDENTIFIERS})?(?:\+${IDENTIFIERS})?)?)?$`,
);
const NUMERIC = /^\d+$/;

/** Reads a version as flagd does: one `v`, missing minor and patch count as 0; undefined where it is none. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "0", patch = "0", identifiers] = match;
  const prerelease = identifiers === undefined ? [] : identifiers.split(".");
  const hasLeadingZero = prerelease.some(
    (part) => part.length > 1 && part.startsWith("0") && NUMERIC.test(part),
  );
  return hasLeadingZero ? undefined : { major, minor, patch, prerelease };
}

/** Negative, 0 or positive, by semver 2.0 §11. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  );
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
