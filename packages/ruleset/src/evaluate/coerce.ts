import { expected } from "./failure.ts";

/** What Go's strconv.ParseFloat reads, but for hexadecimal floats, "nan" and digits in groups. */
const GO_FLOAT = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)$/i;

/** Whether a condition holds: `[]`, `{}`, `""`, 0 and null do not, `"0"` does. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value) || Number.isNaN(value);
}

/** Go's strconv.ParseFloat; undefined where the text is no number. Hexadecimal floats are not read. */
function parseNumber(text: string): number | undefined {
  const digits = text.includes("_") ? text.replace(/(\d)_(?=\d)/g, "$1") : text;
  if (GO_FLOAT.test(digits)) return Number(digits.replace(/inf.*/i, "Infinity"));
  return /^nan$/i.test(text) ? NaN : undefined;
}

/** A number for arithmetic: text that is no number counts as 0, anything but text and numbers fails. */
export function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? (parseNumber(value) ?? 0) : expected("arithmetic needs numbers", value);
}

/** A number for comparisons, where everything has one or NaN. */
export function toComparable(value: unknown): number {
  if (typeof value === "string") {
    if (trim(value) === "") return 0;
    const number = parseNumber(value) ?? NaN;
    // 1e400 is out of range, hence no number; a written "inf" is one.
    return Number.isFinite(number) || /i/i.test(value) ? number : NaN;
  }
  return typeof value === "object" && value !== null ? NaN : Number(value ?? 0);
}

/** Text of a scalar for `cat` and `substr`: numbers without exponent, null empty, anything else fails. */
export function toText(value: unknown): string {
  if (typeof value === "number") return writeNumber(value);
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : expected("text needs strings and numbers", value);
}

/** Go's strconv.FormatFloat in the form without exponent. */
function writeNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Math.abs(value) === Infinity) return value > 0 ? "+Inf" : "-Inf";
  return String(value).replace(
    /\b(\d)\.?(\d*)e(.)(.+)/,
    (_, whole: string, fraction: string, sign: string, exponent: string) =>
      sign === "-"
        ? `0.${"0".repeat(Number(exponent) - 1)}${whole}${fraction}`
        : whole + fraction.padEnd(Number(exponent), "0"),
  );
}

/** Go's int(float64) on 64-bit machines: what does not fit becomes the smallest integer. */
export function toInteger(value: number): number {
  return Math.abs(value) < 2 ** 63 ? Math.trunc(value) : -(2 ** 63);
}

/** Go's strings.TrimSpace. */
export function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charAt(from))) from++;
  while (from < to && isSpace(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Go's unicode.IsSpace: unlike String.prototype.trim it knows U+0085 and does not know U+FEFF. */
function isSpace(character: string): boolean {
  return character === "\u0085" || (character !== "\uFEFF" && character.trim() === "");
}
