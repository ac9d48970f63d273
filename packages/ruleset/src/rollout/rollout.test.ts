import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRuleset } from "../checks/check-ruleset.ts";
import { evaluateCompiled } from "../compile/evaluate-compiled.ts";
import { evaluate } from "../evaluate/evaluate.ts";
import { parseRuleset } from "../parse/parse-ruleset.ts";
import type { FlagDefinition, JsonValue, Ruleset } from "../types.ts";
import { readRollout, renderKill, renderRollout, renderSegmentKill, type RolloutStep } from "./index.ts";

const evaluators: Readonly<Record<string, JsonValue>> = {
  internal: { ends_with: [{ var: "email" }, "@example.com"] },
  beta: { "==": [{ var: "beta" }, true] },
};

function flagOf(overrides: Partial<FlagDefinition> = {}): FlagDefinition {
  return { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off", ...overrides };
}

function stepOf(overrides: Partial<RolloutStep> = {}): RolloutStep {
  return {
    rolloutId: "r1",
    stage: "10pct",
    treatment: "on",
    control: "off",
    salt: "r1",
    segments: [],
    percent: 10,
    ...overrides,
  };
}

function render(flag: FlagDefinition, step: RolloutStep): FlagDefinition {
  const result = renderRollout(flag, step);
  if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join("; "));
  return result.flag;
}

function problemsOf(flag: FlagDefinition, step: RolloutStep = stepOf()): readonly string[] {
  const result = renderRollout(flag, step);
  return result.ok ? [] : result.issues.map((issue) => `${issue.code}: ${issue.message}`);
}

function rulesetOf(flag: FlagDefinition): Ruleset {
  const result = parseRuleset({ flags: { "dark-mode": flag }, $evaluators: evaluators });
  if (!result.ok || result.issues.length > 0) throw new Error(JSON.stringify(result.issues));
  return result.ruleset;
}

function variantOf(flag: FlagDefinition, context: Readonly<Record<string, unknown>>): string | undefined {
  return evaluate(rulesetOf(flag), "dark-mode", context, 0).variant;
}

const keys = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);

/** The variants of many users; one parse for all of them. */
function variantsOf(flag: FlagDefinition): readonly (string | undefined)[] {
  const ruleset = rulesetOf(flag);
  return keys.map((targetingKey) => evaluateCompiled(ruleset, "dark-mode", { targetingKey }, 0).variant);
}

describe("a rollout", () => {
  test("renders chosen segments, then missing keys, then the share, treatment first and 100,000 in all", () => {
    expect(render(flagOf(), stepOf({ segments: ["internal"], slowMs: [250, 900] }))).toEqual({
      state: "ENABLED",
      variants: { on: true, off: false, "on.fixed": true, "off.fixed": false },
      defaultVariant: "off.fixed",
      targeting: {
        if: [
          { $ref: "internal" },
          "on.fixed",
          {
            if: [
              { "!": [{ var: "targetingKey" }] },
              "off.fixed",
              {
                fractional: [
                  { cat: [{ var: "$flagd.flagKey" }, "r1", { var: "targetingKey" }] },
                  ["on", 10_000],
                  ["off", 90_000],
                ],
              },
            ],
          },
        ],
      },
      metadata: {
        rollout: "r1/10pct",
        rolloutTreatment: "on",
        rolloutControl: "off",
        rolloutSlowMs: "250,900",
      },
    });
  });

  test("only adds users while its percentage rises, and ends with everyone", () => {
    let treated = new Set<string>();
    for (const percent of [0, 0.001, 1, 2.5, 10, 33.333, 50, 99.999, 100]) {
      const variants = variantsOf(render(flagOf(), stepOf({ percent })));
      const now = new Set(keys.filter((_, index) => variants[index] === "on"));
      expect([...treated].every((key) => now.has(key))).toBe(true);
      expect(now.size / keys.length).toBeCloseTo(percent / 100, 1);
      treated = now;
    }
    expect(treated.size).toBe(keys.length);
  });

  test("at 0 % is ready: everyone has the control, decided by the share", () => {
    expect(new Set(variantsOf(render(flagOf(), stepOf({ percent: 0 }))))).toEqual(new Set(["off"]));
  });

  test("gives the same users the treatment after a restart with the same salt, others with another salt", () => {
    const first = variantsOf(render(flagOf(), stepOf()));
    expect(variantsOf(render(flagOf(), stepOf({ stage: "10pct.r2" })))).toEqual(first);
    expect(variantsOf(render(flagOf(), stepOf({ salt: "r2" })))).not.toEqual(first);
  });

  test("gives twins to whomever the share did not decide: segments, older rules, missing keys, the default", () => {
    const older: JsonValue = {
      if: [
        { "==": [{ var: "plan" }, "pro"] },
        "on",
        { "==": [{ var: "plan" }, "free"] },
        { if: [{ $ref: "beta" }, "on", "off"] },
        { "==": [{ var: "plan" }, "none"] },
        null,
        "off",
      ],
    };
    const flag = render(flagOf({ targeting: older }), stepOf({ segments: ["internal"], percent: 50 }));
    const about = (context: Readonly<Record<string, unknown>>): string | undefined =>
      variantOf(flag, { targetingKey: "user-1", ...context });
    expect(about({ email: "ada@example.com", plan: "free" })).toBe("on.fixed");
    expect(about({ plan: "pro" })).toBe("on.fixed");
    expect(about({ plan: "free" })).toBe("off.fixed");
    expect(about({ plan: "free", beta: true })).toBe("on.fixed");
    expect(about({ plan: "none" })).toBe("off.fixed");
    expect(about({ targetingKey: "" })).toBe("off.fixed");
    expect(["on", "off"]).toContain(about({}));
  });

  test("gives the treatment to users without a key only when everyone gets it", () => {
    expect(variantOf(render(flagOf(), stepOf({ percent: 99.999 })), {})).toBe("off.fixed");
    expect(variantOf(render(flagOf(), stepOf({ percent: 100 })), {})).toBe("on.fixed");
  });

  test("moves a flag from step to step as if each were rendered from the flag before", () => {
    const base = flagOf({ targeting: { if: [{ $ref: "beta" }, "on"] }, metadata: { owner: "ada" } });
    let flag = base;
    for (const [index, percent] of [0, 100, 5, 50].entries()) {
      const step = stepOf({ percent, stage: `s${index}`, segments: index > 1 ? ["internal"] : [] });
      flag = render(flag, step);
      expect(flag).toEqual(render(base, step));
    }
  });

  test("starts anew on a flag whose last rollout was finished", () => {
    const { metadata: _, ...finished } = render(flagOf(), stepOf({ percent: 100 }));
    const next = stepOf({ rolloutId: "r2", treatment: "off", control: "on", salt: "r2", percent: 0 });
    expect(new Set(variantsOf(render(finished, next)))).toEqual(new Set(["on"]));
  });
});

function withoutMetadata(flag: FlagDefinition): FlagDefinition {
  const { metadata: _, ...rest } = flag;
  return rest;
}

describe("a flag that cannot be rolled out says why", () => {
  const cases: readonly [string, FlagDefinition, Partial<RolloutStep>, RegExp][] = [
    [
      "an unknown treatment",
      flagOf(),
      { treatment: "blue" },
      /unknown-variant: treatment "blue" .* "on", "off"/,
    ],
    ["an unknown control", flagOf(), { control: "blue" }, /unknown-variant: control "blue"/],
    ["equal arms", flagOf(), { control: "on" }, /name two variants/],
    ["another rollout", render(flagOf(), stepOf({ rolloutId: "r0" })), {}, /in rollout "r0" \(stage 10pct\)/],
    ["four decimals", flagOf(), { percent: 0.0001 }, /three decimals, not 0.0001/],
    ["a share over 100", flagOf(), { percent: 101 }, /0 to 100/],
    ["no number", flagOf(), { percent: Number.NaN }, /0 to 100/],
    ["a slash in the id", flagOf(), { rolloutId: "a/b" }, /without "\/"/],
    ["an empty stage", flagOf(), { stage: "" }, /stage must be/],
    ["a bound of zero", flagOf(), { slowMs: [0] }, /more than 0 milliseconds/],
    ["an empty segment", flagOf(), { segments: [""] }, /\$evaluators/],
    ["a disabled flag", flagOf({ state: "DISABLED" }), {}, /DISABLED, so a rollout would reach nobody/],
    [
      "a default that treats everyone",
      flagOf({ defaultVariant: "on" }),
      {},
      /everyone has the treatment already/,
    ],
    [
      "a last branch that treats everyone",
      flagOf({ targeting: { if: [{ var: "x" }, "off", "on"] } }),
      {},
      /last branch of targeting gives "on"/,
    ],
    [
      "a third variant for everyone",
      flagOf({ variants: { on: 1, off: 2, blue: 3 }, defaultVariant: "blue" }),
      {},
      /would take it away/,
    ],
    [
      "its own fractional",
      flagOf({
        targeting: {
          fractional: [
            ["on", 1],
            ["off", 1],
          ],
        },
      }),
      {},
      /own fractional/,
    ],
    [
      "a fractional inside a rule",
      flagOf({ targeting: { if: [{ var: "x" }, { fractional: [["on", 1]] }] } }),
      {},
      /own fractional can decide/,
    ],
    ["a result that is no name", flagOf({ targeting: { if: [{ var: "x" }, true] } }), {}, /the result true/],
    [
      "a computed result",
      flagOf({ targeting: { if: [{ var: "x" }, { var: "variant" }] } }),
      {},
      /operator "var"/,
    ],
    ["a list as the result", flagOf({ targeting: { if: [{ var: "x" }, ["on"]] } }), {}, /a list can decide/],
    [
      "a rule for nothing",
      flagOf({ targeting: { if: [{ var: "x" }, "onn"] } }),
      {},
      /yields "onn", which is none/,
    ],
    [
      "a twin's name in use",
      flagOf({ variants: { on: true, off: false, "on.fixed": false } }),
      {},
      /"on.fixed" exists with another value/,
    ],
    [
      "a name that flagd cannot answer with",
      flagOf({ variants: { "a&b": true, off: false } }),
      { treatment: "a&b" },
      /unmatchable-name/,
    ],
    [
      "a rule rewritten by hand",
      { ...render(flagOf(), stepOf()), targeting: { if: [{ var: "x" }, "on"] } },
      {},
      /changed by hand/,
    ],
    [
      "the rest of a rollout that ended in between",
      withoutMetadata(render(flagOf(), stepOf({ percent: 50 }))),
      {},
      /ended in between/,
    ],
  ];
  test.each(cases)("%s", (_, flag, overrides, expected) => {
    expect(problemsOf(flag, stepOf(overrides)).join("\n")).toMatch(expected);
  });

  test("all reasons at once", () => {
    expect(problemsOf(flagOf({ state: "DISABLED" }), stepOf({ treatment: "x", percent: -1 }))).toHaveLength(
      3,
    );
  });
});

const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\p{Cc}/]/u.test(text));
const steps: fc.Arbitrary<RolloutStep> = fc.record(
  {
    rolloutId: name,
    stage: name,
    treatment: fc.constant("on"),
    control: fc.constant("off"),
    salt: name,
    segments: fc.subarray(["internal", "beta"]),
    percent: fc.integer({ min: 0, max: 100_000 }).map((weight) => weight / 1000),
    slowMs: fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 4 }),
  },
  { requiredKeys: ["rolloutId", "stage", "treatment", "control", "salt", "segments", "percent"] },
);

const conditions = fc.constantFrom<JsonValue>(
  { $ref: "beta" },
  { "==": [{ var: "plan" }, "pro"] },
  { "!!": [{ var: "x" }] },
  { or: [{ $ref: "beta" }, { $ref: "internal" }] },
);
const results = fc.oneof(
  fc.constantFrom<JsonValue>("on", "off", "blue", null),
  fc
    .tuple(conditions, fc.constantFrom<JsonValue>("on", "off", null))
    .map(([when, then]): JsonValue => ({ if: [when, then] })),
);
/** Flags with rules of their own that leave the rest to a rollout. */
const flags: fc.Arbitrary<FlagDefinition> = fc
  .record({
    rules: fc.array(fc.tuple(conditions, results), { maxLength: 4 }),
    tail: fc.constantFrom<JsonValue | undefined>(undefined, null, "off"),
    defaultVariant: fc.constantFrom<string | null>("off", null),
  })
  .map(({ rules, tail, defaultVariant }) => ({
    state: "ENABLED" as const,
    variants: { on: "a", off: "b", blue: "c" },
    defaultVariant,
    ...(rules.length === 0
      ? {}
      : { targeting: { if: [...rules.flat(), ...(tail === undefined ? [] : [tail])] } }),
  }));

describe("reading back", () => {
  test("gives the step that was rendered, whatever the flag's own rules", () => {
    fc.assert(
      fc.property(flags, steps, (flag, step) => {
        expect(readRollout(render(flag, step))).toEqual(step);
      }),
    );
  });

  test("gives segment names from a parsed ruleset through its evaluators", () => {
    fc.assert(
      fc.property(flags, steps, (flag, step) => {
        const ruleset = rulesetOf(render(flag, step));
        const parsed = ruleset.flags.get("dark-mode");
        expect(parsed && readRollout(parsed, ruleset.evaluators)).toEqual(step);
      }),
    );
  });

  test("still gives the step after segment kills, and a next step keeps them", () => {
    fc.assert(
      fc.property(
        flags,
        steps,
        fc.subarray(["internal", "beta"], { minLength: 1 }),
        (flag, step, segments) => {
          let cut = render(flag, step);
          for (const segment of segments) {
            const result = renderSegmentKill(cut, { segment });
            if (result.ok) cut = result.flag;
          }
          expect(readRollout(cut)).toEqual(step);
          const next = render(cut, { ...step, percent: 100 });
          expect(readRollout(next)).toEqual({ ...step, percent: 100 });
          expect(variantOf(next, { targetingKey: "u", beta: true, email: "a@example.com" })).toBe(
            "off.fixed",
          );
        },
      ),
    );
  });

  test("never changes what was rendered for a user by an older rule", () => {
    fc.assert(
      fc.property(flags, steps, fc.boolean(), fc.boolean(), (flag, step, beta, pro) => {
        const context = { targetingKey: "u", beta, x: beta, plan: pro ? "pro" : "free" };
        const before = evaluate(rulesetOf(flag), "dark-mode", context, 0);
        const after = evaluate(
          rulesetOf(render(flag, { ...step, segments: [], percent: 0 })),
          "dark-mode",
          context,
          0,
        );
        // Those without a rule have the default, control or from code, before, and control after.
        expect(after.value).toBe(before.value ?? (after.variant === "off" ? "b" : undefined));
      }),
    );
  });

  test.each<[string, FlagDefinition]>([
    ["no rollout", flagOf()],
    ["a killed flag", flagOf({ metadata: { rolloutControl: "off" } })],
    [
      "a rewritten rule",
      {
        ...render(flagOf(), stepOf()),
        targeting: {
          fractional: [
            ["on", 1],
            ["off", 1],
          ],
        },
      },
    ],
    [
      "other arms than it says",
      {
        ...render(flagOf(), stepOf()),
        metadata: { rollout: "r/s", rolloutTreatment: "off", rolloutControl: "on" },
      },
    ],
    [
      "a stage without a name",
      {
        ...render(flagOf(), stepOf()),
        metadata: { rollout: "r/", rolloutTreatment: "on", rolloutControl: "off" },
      },
    ],
  ])("gives nothing for %s", (_, flag) => {
    expect(readRollout(flag)).toBeUndefined();
  });
});

describe("a kill", () => {
  test("gives everyone the control, key or not, chosen or not", () => {
    const running = render(
      flagOf({ targeting: { if: [{ $ref: "beta" }, "on"] } }),
      stepOf({ segments: ["internal"], percent: 50 }),
    );
    const killed = renderKill(running);
    expect(killed).toEqual({
      ok: true,
      variant: "off",
      flag: {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        metadata: { rolloutControl: "off" },
      },
    });
    const flag = killed.ok ? killed.flag : running;
    expect(new Set(variantsOf(flag))).toEqual(new Set(["off"]));
    expect(variantOf(flag, { beta: true, email: "a@example.com" })).toBe("off");
    expect(renderKill(flag)).toEqual(killed);
  });

  test("is not DISABLED: a disabled flag is enabled with one variant for all", () => {
    const killed = renderKill(flagOf({ state: "DISABLED", defaultVariant: "on" }));
    expect(killed.ok && [killed.flag.state, killed.flag.defaultVariant, killed.variant]).toEqual([
      "ENABLED",
      "off",
      "off",
    ]);
  });

  const three = { variants: { a: 1, b: 2, c: 3 }, defaultVariant: "c" };
  test.each<[string, Partial<FlagDefinition>, object, string | readonly string[]]>([
    ["the variant asked for", three, { variant: "b", rolloutControl: "a" }, "b"],
    ["the rollout's control", three, { rolloutControl: "a" }, "a"],
    ["the control in the metadata", { ...three, metadata: { rolloutControl: "b" } }, {}, "b"],
    ["the variant named control", { variants: { control: 1, x: 2 }, defaultVariant: "x" }, {}, "control"],
    ["the variant valued false", { variants: { no: false, yes: true }, defaultVariant: "yes" }, {}, "no"],
    ["choices where the asked one is unknown", three, { variant: "d", rolloutControl: "a" }, ["a", "b", "c"]],
    ["choices where none is obvious", three, {}, ["a", "b", "c"]],
    [
      "choices where two are",
      { variants: { off: 1, control: 2 }, defaultVariant: "off" },
      {},
      ["off", "control"],
    ],
    ["choices where name and value disagree", { variants: { off: true, on: false } }, {}, ["off", "on"]],
    ["the next best where the rollout's control is gone", {}, { rolloutControl: "gone" }, "off"],
  ])("takes %s", (_, overrides, options, expected) => {
    const result = renderKill(flagOf(overrides), options);
    expect(result.ok ? result.variant : result.choices).toEqual(expected);
  });

  test("is not confused by twins, and takes a twin for its original", () => {
    const running = render(flagOf(), stepOf());
    const { metadata: _, ...unmarked } = running;
    expect(renderKill(unmarked)).toMatchObject({ ok: true, variant: "off" });
    expect(renderKill(running, { variant: "on.fixed" })).toMatchObject({ ok: true, variant: "on" });
  });
});

describe("a kill for some", () => {
  test("puts a clause in front and leaves the rest untouched", () => {
    const flag = flagOf({ defaultVariant: "on", targeting: { if: [{ var: "x" }, "off"] } });
    const result = renderSegmentKill(flag, { segment: "beta" });
    expect(result).toMatchObject({ ok: true, variant: "off" });
    expect(result.ok && result.flag).toEqual({
      ...flag,
      targeting: { if: [{ "!!": [{ $ref: "beta" }] }, "off", { if: [{ var: "x" }, "off"] }] },
    });
  });

  test("reaches versions of the app", () => {
    const result = renderSegmentKill(flagOf({ defaultVariant: "on" }), {
      semver: { attribute: "appVersion", operator: "<", version: "2.1.0" },
    });
    const flag = result.ok ? result.flag : flagOf();
    expect(variantOf(flag, { appVersion: "2.0.9" })).toBe("off");
    expect(variantOf(flag, { appVersion: "2.1.0" })).toBe("on");
    expect(variantOf(flag, {})).toBe("on");
  });

  test("reaches a segment only on some versions when both are given", () => {
    const result = renderSegmentKill(flagOf({ defaultVariant: "on" }), {
      segment: "beta",
      semver: { attribute: "v", operator: "=", version: "1.0.0" },
    });
    const flag = result.ok ? result.flag : flagOf();
    expect(variantOf(flag, { beta: true, v: "1.0.0" })).toBe("off");
    expect(variantOf(flag, { beta: true, v: "1.0.1" })).toBe("on");
    expect(variantOf(flag, { v: "1.0.0" })).toBe("on");
  });

  test("changes nothing the second time", () => {
    const once = renderSegmentKill(render(flagOf(), stepOf()), { segment: "beta" });
    const other = once.ok ? renderSegmentKill(once.flag, { segment: "internal" }) : once;
    const again = other.ok ? renderSegmentKill(other.flag, { segment: "beta" }) : other;
    expect(again.ok && other.ok && again.flag).toBe(other.ok && other.flag);
  });

  test("keeps the default where the targeting was empty", () => {
    const result = renderSegmentKill(flagOf({ defaultVariant: "on", targeting: {} }), { segment: "beta" });
    expect(result.ok && variantOf(result.flag, {})).toBe("on");
  });

  test("leaves everyone else of a disabled flag with the code default", () => {
    const result = renderSegmentKill(flagOf({ state: "DISABLED", defaultVariant: "on" }), {
      segment: "beta",
    });
    const flag = result.ok ? result.flag : flagOf();
    expect(variantOf(flag, { beta: true })).toBe("off");
    expect(evaluate(rulesetOf(flag), "dark-mode", {}, 0)).toMatchObject({ reason: "DEFAULT" });
    expect(variantOf(flag, {})).toBeUndefined();
  });

  test.each([
    [{}],
    [{ segment: "" }],
    [{ semver: { attribute: "v", operator: "=>", version: "1.0.0" } }],
    [{ semver: { attribute: "", operator: "=", version: "1.0.0" } }],
    [{ semver: { attribute: "v", operator: "=", version: "" } }],
  ])("is refused without anybody to reach: %j", (options) => {
    expect(renderSegmentKill(flagOf(), options)).toEqual({ ok: false, choices: [] });
  });

  test("is refused with the choices where no variant is obvious", () => {
    const flag = flagOf({ variants: { a: 1, b: 2 }, defaultVariant: "a" });
    expect(renderSegmentKill(flag, { segment: "beta" })).toEqual({ ok: false, choices: ["a", "b"] });
  });
});

test("no check complains about a rendered rollout, at any share", () => {
  for (const percent of [0, 0.001, 50, 100]) {
    for (const segments of [[], ["internal"], ["internal", "beta"]]) {
      const flag = render(flagOf({ targeting: { if: [{ var: "x" }, "on"] } }), stepOf({ percent, segments }));
      expect(checkRuleset(rulesetOf(flag))).toEqual([]);
    }
  }
});
