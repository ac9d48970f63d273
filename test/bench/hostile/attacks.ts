import type { JsonValue } from "@flagspan/ruleset";

/** A rule and a context that are made to take long. */
export interface Attack {
  readonly rule: JsonValue;
  readonly context?: Readonly<Record<string, unknown>>;
}

const times = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const hundred = times(100, (i) => i);

/** A rule asked again and again, none of them true. */
function many(rule: JsonValue, count: number): JsonValue {
  return { or: times(count, () => rule) };
}

/** A rule put into another, so often. */
function nested(depth: number, start: JsonValue, wrap: (inner: JsonValue) => JsonValue): JsonValue {
  return hundred.slice(0, depth).reduce(wrap, start);
}

function wide(keys: number): Readonly<Record<string, number>> {
  return Object.fromEntries(times(keys, (i) => [`k${i}`, i]));
}

function cyclic(): Readonly<Record<string, unknown>> {
  const context: Record<string, unknown> = {};
  context["self"] = context;
  return context;
}

/** An object of so many getters. */
function laden(getters: number): object {
  const get = (): string => "v".repeat(20);
  return Object.defineProperties(
    {},
    Object.fromEntries(times(getters, (i) => [`g${i}`, { enumerable: true, get }])),
  );
}

/** An object whose properties are such objects, without end. */
function bottomless(): object {
  return new Proxy(
    {},
    {
      ownKeys: () => ["a", "b"],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
      get: (_, key) => (key === "toJSON" ? undefined : bottomless()),
    },
  );
}

/** Made when it is their turn, since some are big. */
export const attacks: Readonly<Record<string, () => Attack>> = {
  "maps within maps": () => ({
    rule: nested(4, { "==": [1, 1] }, (inner) => ({ map: [hundred, inner] })),
  }),
  "filters within filters": () => ({
    rule: nested(4, { "==": [1, 1] }, (inner) => ({ filter: [hundred, inner] })),
  }),
  "reduces within reduces": () => ({
    rule: nested(4, { "+": [{ var: "accumulator" }, 1] }, (inner) => ({ reduce: [hundred, inner, 0] })),
  }),
  "a map of maps over the context": () => ({
    rule: { map: [{ var: "list" }, { map: [{ var: "inner" }, { var: "" }] }] },
    context: { list: times(2000, () => ({ inner: hundred })) },
  }),
  "a filter that searches its own list": () => ({
    rule: { filter: [{ var: "list" }, { in: [{ var: "" }, { var: "list" }] }] },
    context: { list: times(2000, (i) => i) },
  }),
  "a filter that puts lists into its rule": () => ({
    rule: { filter: [times(900, (i) => i), { "!": [times(900, (i) => i)] }] },
  }),
  "a reduce that doubles": () => ({
    rule: { reduce: [hundred, { cat: [{ var: "accumulator" }, { var: "accumulator" }] }, "xy"] },
  }),
  "merges that double": () => ({
    rule: nested(12, { var: "list" }, (inner) => ({ merge: [inner, inner] })),
    context: { list: hundred },
  }),
  "2,200 versions to read": () => ({
    rule: many({ sem_ver: [{ var: "version" }, ">", "1.2.3-rc.1"] }, 2200),
    context: { version: "1.0.0-rc.1" },
  }),
  "a version of 1 MB": () => ({
    rule: { sem_ver: [{ var: "version" }, ">", "1.2.3"] },
    context: { version: `1.2.3-${"a.".repeat(500_000)}` },
  }),
  "a version of 190 kB": () => ({
    rule: { sem_ver: [{ var: "version" }, ">", "1.2.3-a"] },
    context: { version: `1.2.3-${"a.".repeat(95_000)}a` },
  }),
  "3,000 versions that are nearly good": () => ({
    rule: many({ sem_ver: [{ var: "version" }, ">", "1.2.3"] }, 3000),
    context: { version: `1.2.3-${"a.".repeat(120)}!` },
  }),
  "a number of 190 kB": () => ({
    rule: { "<": [{ var: "number" }, 1] },
    context: { number: `${"1_".repeat(95_000)}x` },
  }),
  "4,900 shares": () => ({
    rule: { fractional: times(4900, (i) => [`v${i}`, 1]) },
    context: { targetingKey: "u" },
  }),
  "2,000 shares of a long key": () => ({
    rule: many({ fractional: [{ var: "key" }, [false, 1]] }, 2000),
    context: { key: "é".repeat(200) },
  }),
  "a text of 2 MiB": () => ({
    rule: many({ "==": [{ var: "key" }, "x"] }, 100),
    context: { key: "x".repeat(2 * 1024 * 1024) },
  }),
  "long texts of the rule, compared": () => ({
    rule: many({ "<": [`${"a".repeat(50_000)}b`, `${"a".repeat(50_000)}a`] }, 3000),
  }),
  "a search in repetitive text": () => ({
    rule: many({ in: [{ var: "part" }, { var: "text" }] }, 50),
    context: { text: "a".repeat(100_000), part: `${"a".repeat(50_000)}b` },
  }),
  "searches of repetitive text": () => ({
    rule: many({ in: [{ var: "part" }, "a".repeat(5000)] }, 3900),
    context: { part: `${"a".repeat(199)}b` },
  }),
  "paths of 120 steps": () => ({ rule: many({ "!!": [{ var: "a.".repeat(120) }] }, 3900) }),
  "a path of 100,000 steps": () => ({
    rule: { var: { var: "path" } },
    context: { path: "a.".repeat(99_000) },
  }),
  "15,000 missing names": () => ({ rule: { missing_some: [1, times(15_000, (i) => `a.b${i}`)] } }),
  "substr of a long text": () => ({
    rule: many({ "==": [{ substr: [{ var: "text" }, -1e308, 1e308] }, 1] }, 100),
    context: { text: "é".repeat(90_000) },
  }),
  "numbers too great to write": () => ({
    rule: many({ "==": [{ cat: [{ var: "number" }, "x"] }, 1] }, 2200),
    context: { number: Number.MAX_VALUE },
  }),
  "lone surrogates": () => ({
    rule: many({ fractional: [{ var: "key" }, [false, 1]] }, 2000),
    context: { key: "\ud800".repeat(60) },
  }),
  "a context that contains itself": () => ({
    rule: many({ "!!": [{ var: "" }] }, 4000),
    context: cyclic(),
  }),
  "a context without a floor": () => ({
    rule: { "!!": [{ var: "proxy" }] },
    context: { proxy: bottomless() },
  }),
  "a shared tree that doubles": () => ({
    rule: { "!!": [{ var: "tree" }] },
    context: { tree: hundred.slice(0, 60).reduce<unknown>((inner) => ({ a: inner, b: inner }), {}) },
  }),
  "an object of 20,000 getters": () => ({
    rule: { "!!": [{ var: "laden" }] },
    context: { laden: laden(20_000) },
  }),
  "an object of 1,000 getters, again and again": () => ({
    rule: many({ "!": [{ var: "laden" }] }, 4000),
    context: { laden: laden(1000) },
  }),
  "a list of 10⁶": () => ({
    rule: { in: ["x", { var: "list" }] },
    context: { list: times(1_000_000, (i) => i) },
  }),
  "24,000 dates": () => ({
    rule: { "!!": [{ var: "list" }] },
    context: { list: times(24_000, () => new Date(0)) },
  }),
  "an object of 10⁶ keys, read by path": () => ({
    rule: { "==": [{ var: "wide.k5" }, 0] },
    context: { wide: wide(1_000_000) },
  }),
  "an object of 20,000 keys": () => ({ rule: { "!!": [{ var: "wide" }] }, context: { wide: wide(20_000) } }),
  "an object of 50,000 keys": () => ({ rule: { "!!": [{ var: "wide" }] }, context: { wide: wide(50_000) } }),
  "an object of 10⁶ keys": () => ({ rule: { "!!": [{ var: "wide" }] }, context: { wide: wide(1_000_000) } }),
};
