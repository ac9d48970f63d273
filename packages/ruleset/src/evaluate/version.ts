/** A semantic version. Build metadata plays no part and is not kept. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a release. */
  readonly prerelease: readonly string[];
  /** The three numbers as text where one has too many digits for a double. */
  readonly long: readonly [string, string, string] | undefined;
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
  return parsePlain(text) ?? parseAny(text);
}

/** `1.2.3` of short numbers, which nearly all versions are, without the regular expression (a tenth of its time). */
function parsePlain(text: string): Version | undefined {
  const length = text.length;
  if (length > MAX_EXACT_DIGITS) return undefined;
  let major = 0;
  let minor = 0;
  let part = 0;
  let number = -1;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      // A number after a leading zero is none.
      if (number === 0) return undefined;
      number = number < 0 ? digit : number * 10 + digit;
      continue;
    }
    if (digit !== -2 || number < 0 || part === 2) return undefined;
    if (part++ === 0) major = number;
    else minor = number;
    number = -1;
  }
  return part < 2 || number < 0
    ? undefined
    : { major, minor, patch: number, prerelease: RELEASE, long: undefined };
}

function parseAny(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "0", patch = "0", identifiers] = match;
  const prerelease = identifiers === undefined ? RELEASE : identifiers.split(".");
  if (prerelease.some((part) => part.length > 1 && part.startsWith("0") && NUMERIC.test(part)))
    return undefined;
  const isLong = Math.max(major.length, minor.length, patch.length) > MAX_EXACT_DIGITS;
  const long = isLong ? ([major, minor, patch] as const) : undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease, long };
}

/** Negative, 0 or positive, by semver 2.0 §11. */
export function compareVersions(a: Version, b: Version): number {
  return compareParts(a, b, 3) || comparePrereleases(a.prerelease, b.prerelease);
}

/** Compares major, then minor, then patch, as many as asked. */
export function compareParts(a: Version, b: Version, count: 1 | 2 | 3): number {
  if (a.long !== undefined || b.long !== undefined) return compareLong(a, b, count);
  if (a.major !== b.major || count === 1) return a.major - b.major;
  if (a.minor !== b.minor || count === 2) return a.minor - b.minor;
  return a.patch - b.patch;
}

function compareLong(a: Version, b: Version, count: number): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < count; i++) {
    const order = compareNumbers(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf({ major, minor, patch, long }: Version): readonly string[] {
  return long ?? [String(major), String(minor), String(patch)];
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
