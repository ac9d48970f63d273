import { type CaseName, countries, rules, shares } from "./cases.ts";

interface Result {
  readonly value: boolean | string | undefined;
  readonly variant: string | undefined;
  readonly reason: string;
  readonly metadata: object;
}

type Context = Readonly<Record<string, string>>;

const metadata = {};
const inCountries = new Set(countries);
const tenRules = rules.map(({ version, tenants }, i) => ({
  ...parse(version),
  tenants: new Set(tenants),
  variant: shares[i % shares.length]?.[0] ?? "a",
}));
const values: Readonly<Record<string, string>> = { a: "A", b: "B", c: "C", d: "D" };

type Evaluate = (context: Context) => Result;

const flags: ReadonlyMap<string, Evaluate> = new Map<CaseName, Evaluate>([
  ["static", () => ({ value: true, variant: "on", reason: "STATIC", metadata })],
  [
    "target",
    (context) => {
      const on =
        (context["email"] ?? "").endsWith("@example.com") || inCountries.has(context["country"] ?? "");
      return { value: on, variant: on ? "on" : "off", reason: "TARGETING_MATCH", metadata };
    },
  ],
  ["fractional", (context) => match(share("fractional", context))],
  ["ten-rule", (context) => match(byRules(context) ?? share("ten-rule", context))],
]);

/**
 * The rules of `cases.ts` as a programmer would write them: flags are looked up by key, since keys come at run time, and
 * every call makes a result object. This is the practical limit.
 */
export function evaluateByHand(name: CaseName, context: Context): Result {
  const evaluate = flags.get(name);
  return evaluate === undefined
    ? { value: undefined, variant: undefined, reason: `no flag ${name}`, metadata }
    : evaluate(context);
}

function match(variant: string): Result {
  return { value: values[variant], variant, reason: "TARGETING_MATCH", metadata };
}

function byRules(context: Context): string | undefined {
  const { major, minor, patch } = parse(context["version"] ?? "");
  const tenant = context["tenant"] ?? "";
  for (const rule of tenRules) {
    const order = major - rule.major || minor - rule.minor || patch - rule.patch;
    if (order >= 0 && rule.tenants.has(tenant)) return rule.variant;
  }
  return undefined;
}

function parse(version: string): { readonly major: number; readonly minor: number; readonly patch: number } {
  const first = version.indexOf(".");
  const second = version.indexOf(".", first + 1);
  return {
    major: Number(version.slice(0, first)),
    minor: Number(version.slice(first + 1, second)),
    patch: Number(version.slice(second + 1)),
  };
}

function share(flagKey: string, context: Context): string {
  const bucket = Math.floor((hash(flagKey + (context["targetingKey"] ?? "")) * 100) / 2 ** 32);
  if (bucket < 10) return "a";
  if (bucket < 30) return "b";
  return bucket < 60 ? "c" : "d";
}

/** MurmurHash3_x86_32 of ASCII text. */
export function hash(text: string): number {
  let h = 0;
  let i = 0;
  for (; i + 4 <= text.length; i += 4) {
    let k =
      text.charCodeAt(i) |
      (text.charCodeAt(i + 1) << 8) |
      (text.charCodeAt(i + 2) << 16) |
      (text.charCodeAt(i + 3) << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; i < text.length; i++, shift += 8) tail |= text.charCodeAt(i) << shift;
  if (tail !== 0) {
    tail = Math.imul(tail, 0xcc9e2d51);
    tail = (tail << 15) | (tail >>> 17);
    h ^= Math.imul(tail, 0x1b873593);
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
