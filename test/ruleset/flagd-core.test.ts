import { FlagdCore } from "@openfeature/flagd-core";
import { evaluate, evaluateCompiled, type JsonValue, parseRuleset } from "@flagspan/ruleset";
import fc from "fast-check";
import { expect, it } from "vitest";

/*
 * Where the two agree by design: ASCII texts and whole numbers, attributes that are there and of the type the rule
 * wants, portable operators. (Elsewhere flagd-core differs from flagd: see .github/decisions/0002-own-evaluator.md.)
 */
const texts = ["alpha", "beta", "gamma", "user-1", "user-22", "a@example.com"];
const versions = ["1.0.0", "1.2.3", "2.0.0-rc.1", "2.0.0", "10.4.1"];
const text = fc.constantFrom(...texts);
const number = fc.integer({ min: 0, max: 20 });

const { condition } = fc.letrec<{ condition: JsonValue }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small" },
    fc
      .tuple(fc.constantFrom("==", "!=", "===", "!=="), text)
      .map(([operator, value]) => ({ [operator]: [{ var: "name" }, value] })),
    fc
      .tuple(fc.constantFrom("<", "<=", ">", ">=", "==", "!="), number)
      .map(([operator, value]) => ({ [operator]: [{ var: "age" }, value] })),
    fc.tuple(number, number).map(([from, to]) => ({ "<=": [from, { var: "age" }, to] })),
    fc.array(text, { maxLength: 10 }).map((list) => ({ in: [{ var: "name" }, list] })),
    text.map((value) => ({ in: [value.slice(1, 3), { var: "name" }] })),
    fc
      .tuple(fc.constantFrom("starts_with", "ends_with"), text)
      .map(([operator, value]) => ({ [operator]: [{ var: "name" }, value.slice(0, 2)] })),
    fc
      .tuple(fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "^", "~"), fc.constantFrom(...versions))
      .map(([operator, version]) => ({ sem_ver: [{ var: "app.version" }, operator, version] })),
    fc
      .tuple(fc.constantFrom("and", "or"), fc.array(tie("condition"), { minLength: 1, maxLength: 3 }))
      .map(([operator, list]) => ({ [operator]: list })),
    tie("condition").map((inner) => ({ "!": [inner] })),
  ),
}));
const outcome: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("a", "b", "c", null),
  fc.tuple(number, number, number).map(([a, b, c]) => ({
    fractional: [
      ["a", a],
      ["b", b],
      ["c", c + 1],
    ],
  })),
  fc.tuple(number, number).map(([a, b]) => ({
    fractional: [{ cat: [{ var: "$flagd.flagKey" }, "-", { var: "name" }] }, ["a", a], ["b", b + 1]],
  })),
);
const targeting = fc
  .array(fc.tuple(condition, outcome), { minLength: 1, maxLength: 4 })
  .chain((rules) => outcome.map((last) => ({ if: [...rules.flat(), last] })));
const context = fc.record({
  targetingKey: fc.string({ unit: "grapheme-ascii", minLength: 1 }),
  name: text,
  age: number,
  app: fc.record({ version: fc.constantFrom(...versions) }),
});
const ignore = (): void => undefined;
const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };

it("both our forms answer what flagd-core answers, where the two agree by design", () => {
  fc.assert(
    fc.property(
      targeting,
      fc.constantFrom("a", "b", null),
      fc.array(context, { minLength: 1, maxLength: 5 }),
      (rule, defaultVariant, contexts) => {
        const flag = {
          state: "ENABLED",
          variants: { a: "A", b: "B", c: "C" },
          defaultVariant,
          targeting: rule,
        };
        const document = { flags: { "my-flag": flag } };
        const core = new FlagdCore(undefined, logger);
        core.setConfigurations(JSON.stringify(document));
        const parsed = parseRuleset(document);
        if (!parsed.ok) throw new Error("refused");
        for (const subject of contexts) {
          const theirs = core.resolveStringEvaluation("my-flag", "none", subject);
          for (const form of [evaluate, evaluateCompiled]) {
            const ours = form(parsed.ruleset, "my-flag", subject, Date.now(), "string");
            expect({ value: ours.value ?? "none", variant: ours.variant, reason: ours.reason }).toStrictEqual(
              {
                value: theirs.value,
                variant: theirs.variant,
                reason: theirs.reason,
              },
            );
          }
        }
      },
    ),
    { numRuns: 400 },
  );
});
