import { describe, expect, it } from "vitest";
import { evaluate } from "../evaluate/evaluate.ts";
import { flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { flagEntryOf } from "../ruleset.ts";
import type { FlagDefinition, FlagValueType, JsonValue } from "../types.ts";
import { evaluateCompiled } from "./evaluate-compiled.ts";
import { withoutGeneralForms } from "./general-forms.test-support.ts";

/** A flag whose targeting names the variant. */
function flagWith(variants: FlagDefinition["variants"]): FlagDefinition {
  return flagOf({ variants, defaultVariant: null, targeting: { var: "pick" } });
}

describe("the compiled evaluator", () => {
  it.each<[string, Readonly<Record<string, JsonValue>>, string | undefined]>([
    ["one type", { on: true, off: false }, "boolean"],
    ["one variant", { on: "x" }, "string"],
    ["objects and lists", { on: { a: 1 }, off: [] }, "object"],
    ["more than one type", { on: true, off: "x" }, undefined],
    ["none", {}, undefined],
  ])("knows beforehand what variants of %s are", (_title, variants, type) => {
    const ruleset = rulesetOf({ flags: { flag: flagWith(variants) } });
    evaluateCompiled(ruleset, "flag", { pick: "on" }, 0, "boolean");
    expect(flagEntryOf(ruleset, "flag")?.compiled).toHaveProperty("type", type);
  });

  it("answers the type that is asked for, whatever the variants are", () => {
    const sets: readonly Readonly<Record<string, JsonValue>>[] = [
      { on: true, off: false },
      { on: true, off: "x" },
      { on: "x", off: true },
      { on: 1, off: { a: 1 } },
      { on: null, off: [] },
      {},
    ];
    const types: readonly (FlagValueType | undefined)[] = [
      undefined,
      "boolean",
      "string",
      "number",
      "object",
    ];
    for (const variants of sets) {
      const ruleset = rulesetOf({ flags: { flag: flagWith(variants) } });
      for (const type of types) {
        for (const pick of ["on", "off", "none", null, 1, { k: 1 }]) {
          const answer = evaluateCompiled(ruleset, "flag", { pick }, 0, type);
          expect(answer).toStrictEqual(evaluate(ruleset, "flag", { pick }, 0, type));
        }
      }
    }
    expect(evaluateCompiled(rulesetOf({ flags: {} }), "flag", {}, 0, "boolean").errorCode).toBe(
      "FLAG_NOT_FOUND",
    );
  });

  it("compiles a flag once, on its first use", () => {
    const ruleset = rulesetOf({ flags: { flag: flagWith({ on: true, off: false }), other: flagOf() } });
    const entry = flagEntryOf(ruleset, "flag");
    expect(entry?.compiled).toBeUndefined();
    evaluateCompiled(ruleset, "flag", { pick: "on" }, 0);
    const { targeting } = { ...(entry?.compiled as { readonly targeting?: unknown } | undefined) };
    expect(targeting).toBeTypeOf("function");
    expect(evaluateCompiled(ruleset, "flag", { pick: "off" }, 0)).toMatchObject({
      value: false,
      variant: "off",
    });
    expect(entry?.compiled).toHaveProperty("targeting", targeting);
    expect(flagEntryOf(ruleset, "other")?.compiled).toBeUndefined();
  });

  it("does not interpret", () => {
    const ruleset = rulesetOf({ flags: { flag: flagWith({ on: true, off: false }) } });
    const answer = withoutGeneralForms(() => evaluateCompiled(ruleset, "flag", { pick: "on" }, 0));
    expect(answer).toMatchObject({ value: true, reason: "TARGETING_MATCH" });
    const reading = withoutGeneralForms(() => evaluate(ruleset, "flag", { pick: "on" }, 0));
    expect(reading).toMatchObject({ errorCode: "PARSE_ERROR" });
  });

  it("answers a context that throws", () => {
    const ruleset = rulesetOf({ flags: { flag: flagWith({ on: true, off: false }) } });
    const context = {
      get pick(): string {
        throw new Error("not now");
      },
    };
    expect(evaluateCompiled(ruleset, "flag", context, 0)).toMatchObject({ errorCode: "INVALID_CONTEXT" });
  });
});
