import { refuse } from "./failure.ts";

const DIGITS = String.raw`\d(?:_?\d)*`;
const GO_FLOAT = new RegExp(
  String.raw`^[+-]?(?:${DIGITS}(?:\.(?:${DIGITS})?)?|\.${DIGITS})(?:e[+-]?${DIGITS})?$`,
  "i",
);
const GO_INFINITY = /^[+-]?inf(?:inity)?$/i;
// Go's unicode.IsSpace: unlike String.prototype.trim it knows U+0085 and does not know U+FEFF.
const SPACE_START = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Whether a condition holds: `[]`, `{}`, `""`, 0 and null do not, `"0"` does. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value !== "";
  if (typeof value === "number") return value !== 0;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  return Object.keys(value).length > 0;
}

/** Go's strconv.ParseFloat; undefined where the text is no number. Hexadecimal floats are not read. */
function parseNumber(text: string): number | undefined {
  if (GO_FLOAT.test(text)) return Number(text.includes("_") ? text.replaceAll("_", "") : text);
  if (GO_INFINITY.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return text.toLowerCase() === "nan" ? Number.NaN : undefined;
}

/** A number for arithmetic: text that is no number counts as 0, anything but text and numbers fails. */
export function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "string") return parseNumber(value) ?? 0;
  return refuse(`arithmetic needs numbers, got ${nameOf(value)}`);
}

/** A number for comparisons, where everything has one or NaN. */
export function toComparable(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || value === undefined) return 0;
  if (typeof value !== "string") return Number.NaN;
  if (trim(value) === "") return 0;
  const number = parseNumber(value);
  // 1e400 is out of range, hence no number; a written "inf" is one.
  if (number === undefined || (!Number.isFinite(number) && !GO_INFINITY.test(value))) return Number.NaN;
  return number;
}

/** Text of a scalar for `cat` and `substr`: numbers without exponent, null empty, anything else fails. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return writeNumber(value);
  if (value === null || value === undefined) return "";
  return refuse(`text needs strings and numbers, got ${nameOf(value)}`);
}

function writeNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  const text = String(value);
  const exponentAt = text.indexOf("e");
  if (exponentAt < 0) return text;
  const exponent = Number(text.slice(exponentAt + 1));
  const sign = text.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = text.slice(sign.length, exponentAt).split(".");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${whole}${fraction}`;
  return sign + whole + fraction.padEnd(exponent, "0");
}

/** Go's int(float64) on 64-bit machines: what does not fit becomes the smallest integer. */
export function toInteger(value: number): number {
  return Math.abs(value) < 2 ** 63 ? Math.trunc(value) : -(2 ** 63);
}

/** Go's strings.TrimSpace. */
export function trim(text: string): string {
  let end = text.length;
  if (isPlain(text.charCodeAt(0)) && isPlain(text.charCodeAt(end - 1))) return text;
  while (end > 0 && SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end).replace(SPACE_START, "");
}

/** Printable ASCII, where nearly all texts begin and end. */
function isPlain(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f;
}

/** Names a value's type for messages. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing (a missing attribute?)";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
