import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate, flagOf, rulesetOf } from "./evaluator.test-support.ts";
import { updateRuleset } from "./update.ts";
import type { FlagDefinition, JsonValue } from "./types.ts";
import { writeRuleset } from "./write.ts";

const on = flagOf({ defaultVariant: "on" }) as unknown as JsonValue;

describe("updateRuleset", () => {
  it("adds, replaces, deletes, and leaves the old ruleset as it was", () => {
    const before = rulesetOf({ flags: { a: flagOf(), b: flagOf() }, metadata: { version: "1" } });
    const { ruleset, issues } = updateRuleset(before, {
      flags: { a: on, b: null, c: on },
      metadata: { version: "2" },
    });
    expect(issues).toStrictEqual([]);
    expect([...ruleset.flags.keys()].sort()).toStrictEqual(["a", "c"]);
    expect(ruleset.flags.size).toBe(2);
    expect(evaluate(ruleset, "a", {}, 0)).toMatchObject({ variant: "on", metadata: { version: "2" } });
    expect(evaluate(before, "a", {}, 0)).toMatchObject({ variant: "off", metadata: { version: "1" } });
    expect(evaluate(before, "b", {}, 0)).toMatchObject({ variant: "off" });
    expect(evaluate(ruleset, "b", {}, 0)).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
    expect(evaluate(ruleset, "a", {}, 0).metadata).toStrictEqual({ version: "2" });
  });

  it("shares what did not change", () => {
    const before = rulesetOf({ flags: { a: flagOf(), b: flagOf() } });
    const { ruleset } = updateRuleset(before, { flags: { a: on } });
    expect(ruleset.flags.get("b")).toBe(before.flags.get("b"));
    expect(evaluate(ruleset, "b", {}, 0)).toBe(evaluate(before, "b", {}, 0));
  });

  it("quarantines a bad flag, and takes it out again when it is mended", () => {
    const before = rulesetOf({ flags: { a: flagOf() } });
    const broken = updateRuleset(before, { flags: { a: { state: "ENABLED" } } });
    expect(broken.issues).toMatchObject([{ code: "invalid-variants", flagKey: "a" }]);
    expect(evaluate(broken.ruleset, "a", {}, 0)).toMatchObject({ errorCode: "PARSE_ERROR" });
    const mended = updateRuleset(broken.ruleset, { flags: { a: on } });
    expect(evaluate(mended.ruleset, "a", {}, 0)).toMatchObject({ variant: "on" });
    expect(mended.ruleset.quarantined.size).toBe(0);
  });

  it("replaces references by the ruleset's evaluators", () => {
    const before = rulesetOf({ $evaluators: { always: { "==": [1, 1] } }, flags: {} });
    const flag = flagOf({ targeting: { if: [{ $ref: "always" }, "on"] } }) as unknown as JsonValue;
    expect(evaluate(updateRuleset(before, { flags: { flag } }).ruleset, "flag", {}, 0)).toMatchObject({
      variant: "on",
    });
  });

  it("after any series of changes holds what a fresh ruleset would", () => {
    const change = fc.tuple(
      fc.constantFrom("a", "b", "c", "__proto__", "constructor"),
      fc.option(fc.boolean()),
    );
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 8 }), (patches) => {
        let ruleset = rulesetOf({ flags: { a: flagOf() } });
        const expected = new Map<string, FlagDefinition>([["a", flagOf()]]);
        for (const patch of patches) {
          const flags: [string, JsonValue | null][] = [];
          for (const [key, value] of new Map(patch)) {
            if (value === null) expected.delete(key);
            else expected.set(key, flagOf({ defaultVariant: value ? "on" : "off" }));
            flags.push([
              key,
              value === null
                ? null
                : (flagOf({ defaultVariant: value ? "on" : "off" }) as unknown as JsonValue),
            ]);
          }
          ({ ruleset } = updateRuleset(ruleset, { flags: Object.fromEntries(flags) }));
        }
        expect(writeRuleset(ruleset)).toBe(writeRuleset({ flags: expected }));
        expect(ruleset.flags.size).toBe(expected.size);
        expect([...ruleset.flags.keys()].sort()).toStrictEqual([...expected.keys()].sort());
        expect([...ruleset.flags.values()]).toHaveLength(expected.size);
        let visited = 0;
        ruleset.flags.forEach((flag, key, map) => {
          visited++;
          expect(map.get(key)).toBe(flag);
          expect(map.has(key)).toBe(true);
        });
        expect(visited).toBe(expected.size);
      }),
      { numRuns: 60 },
    );
  });

  it("folds many changes into one map without losing any", () => {
    let ruleset = rulesetOf({
      flags: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`old${i}`, flagOf()])),
    });
    for (let i = 0; i < 1200; i++) {
      ({ ruleset } = updateRuleset(ruleset, { flags: { [`new${i}`]: on, [`new${i - 10}`]: null } }));
    }
    expect(ruleset.flags.size).toBe(60);
    expect(ruleset.flags.has("new1199")).toBe(true);
    expect(ruleset.flags.has("new1189")).toBe(false);
    expect(ruleset.flags.has("old49")).toBe(true);
  });
});
