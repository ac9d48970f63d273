import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyRule } from "./apply-rule.ts";
import type { JsonValue } from "./types.ts";

const paths = [
  "a",
  "b",
  "c.d",
  "c.e.0",
  "list",
  "targetingKey",
  "$flagd.flagKey",
  "$flagd.timestamp",
  "",
  "missing",
  "c",
];
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>("x", "y", "", "1", " 1", "1.2.3", "v2", "é", "😀", true, false, null),
  fc.integer({ min: -3, max: 60 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -10, max: 10 }),
);
const operators =
  "if ?: and or ! !! == != === !== < <= > >= + - * / % max min abs in merge cat substr starts_with ends_with sem_ver fractional missing missing_some map filter reduce all some none contains_all set unknown".split(
    " ",
  );

const { rule } = fc.letrec<{ rule: JsonValue; operation: JsonValue; bucket: JsonValue }>((tie) => ({
  rule: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.constantFrom(...paths).map((path) => ({ var: path })),
    fc.tuple(fc.constantFrom(...paths), scalar).map(([path, fallback]) => ({ var: [path, fallback] })),
    fc.array(scalar, { maxLength: 10 }),
    tie("operation"),
    tie("operation"),
  ),
  operation: fc.oneof(
    fc
      .tuple(fc.constantFrom(...operators), fc.array(tie("rule"), { maxLength: 5 }))
      .map(([name, args]) => ({ [name]: args })),
    fc.tuple(fc.constantFrom(...operators), tie("rule")).map(([name, arg]) => ({ [name]: arg })),
    fc
      .tuple(tie("rule"), fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "^", "~", "?"), tie("rule"))
      .map((args) => ({ sem_ver: [...args] })),
    fc.array(tie("bucket"), { minLength: 1, maxLength: 4 }).map((buckets) => ({ fractional: buckets })),
    fc
      .tuple(tie("rule"), fc.array(tie("bucket"), { maxLength: 4 }))
      .map(([key, buckets]) => ({ fractional: [key, ...buckets] })),
  ),
  bucket: fc.tuple(scalar, fc.oneof(fc.nat(100), fc.nat(100), tie("rule"))).map((bucket) => [...bucket]),
}));

/** UTF-16 units as they come: other alphabets, pairs, and surrogates without a partner. */
const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));

const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }),
  fc.constantFrom<unknown>(undefined, Number.NaN, new Date(0), { k: 1 }, { var: "a" }, [["x", 1]]),
);
const context = fc.record(
  {
    a: value,
    b: value,
    c: fc.record({ d: value, e: fc.array(value, { maxLength: 2 }) }),
    list: fc.array(fc.oneof(scalar, fc.record({ a: scalar, id: scalar })), { maxLength: 4 }),
    targetingKey: fc.oneof(
      fc.string(),
      fc.array(unit).map((units) => String.fromCharCode(...units)),
      scalar,
    ),
  },
  { requiredKeys: [] },
);

describe("the compiled form", () => {
  it("answers what the interpreter answers, failures included", () => {
    fc.assert(
      fc.property(rule, context, (rule, context) => {
        const options = { flagKey: "flag", nowMs: 1_700_000_000_000 };
        const interpreted = applyRule(rule, context, options);
        const compiled = applyRule(rule, context, { ...options, form: "compiled" });
        expect(compiled).toStrictEqual(interpreted);
      }),
      { numRuns: 1000 },
    );
  });

  it("answers the same the second time", () => {
    fc.assert(
      fc.property(rule, context, context, (rule, first, second) => {
        const options = { flagKey: "flag", nowMs: 0, form: "compiled" } as const;
        const before = applyRule(rule, first, options);
        applyRule(rule, second, options);
        expect(applyRule(rule, first, options)).toStrictEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});
