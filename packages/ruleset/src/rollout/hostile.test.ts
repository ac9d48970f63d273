import fc from "fast-check";
import { expect, test } from "vitest";
import { describeChange, summarizeFlag } from "../change/index.ts";
import type { FlagDefinition, JsonValue } from "../types.ts";
import { readRollout, renderKill, renderRollout, renderSegmentKill, type RolloutStep } from "./index.ts";

const names = fc.constantFrom(
  "on",
  "off",
  "on.fixed",
  "off.fixed",
  "control",
  "__proto__",
  "constructor",
  "toString",
  "",
);
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
/** Targeting that is almost what a rollout renders. */
const nearly: fc.Arbitrary<JsonValue> = fc.letrec<{ rule: JsonValue }>((tie) => ({
  rule: fc.oneof(
    { depthSize: "small" },
    names,
    fc.constant(null),
    json,
    fc.array(tie("rule"), { maxLength: 5 }).map((values): JsonValue => ({ if: values })),
    fc.array(tie("rule"), { maxLength: 4 }).map((values): JsonValue => ({ fractional: values })),
    fc.constant<JsonValue>({ "!": [{ var: "targetingKey" }] }),
    fc.constant<JsonValue>({ cat: [{ var: "$flagd.flagKey" }, "s", { var: "targetingKey" }] }),
    fc.tuple(names, fc.integer({ min: -1, max: 100_001 })).map(([name, weight]): JsonValue => [name, weight]),
  ),
})).rule;
const flags: fc.Arbitrary<FlagDefinition> = fc.record(
  {
    state: fc.constantFrom("ENABLED" as const, "DISABLED" as const),
    variants: fc.dictionary(names, fc.oneof(json, fc.boolean()), { minKeys: 1 }),
    defaultVariant: fc.option(names),
    targeting: nearly,
    metadata: fc.dictionary(
      fc.constantFrom("rollout", "rolloutTreatment", "rolloutControl", "rolloutSlowMs", "owner", "__proto__"),
      fc.oneof(fc.constantFrom("r/s", "r", "/", "on", "off", ""), fc.integer(), fc.boolean()),
    ),
  },
  { requiredKeys: ["state", "variants"] },
);
const steps: fc.Arbitrary<RolloutStep> = fc.record({
  rolloutId: fc.constantFrom("r", "q", "", "a/b"),
  stage: fc.constantFrom("s", ""),
  treatment: names,
  control: names,
  salt: fc.constantFrom("s", "", "\n"),
  segments: fc.array(names, { maxLength: 3 }),
  percent: fc.oneof(fc.constantFrom(0, 50, 100), fc.double()),
  slowMs: fc.array(fc.double({ noNaN: false }), { maxLength: 3 }),
});

test("whatever a flag holds, a rollout is rendered so that it can be read back, or refused with reasons", () => {
  fc.assert(
    fc.property(flags, steps, (flag, step) => {
      const before = JSON.stringify(flag);
      const result = renderRollout(flag, step);
      expect(JSON.stringify(flag)).toBe(before);
      const read = result.ok ? readRollout(result.flag) : undefined;
      const { slowMs = [], ...rest } = step;
      const expected = result.ok ? { ...rest, ...(slowMs.length === 0 ? {} : { slowMs }) } : undefined;
      expect(read).toEqual(expected);
      expect(result.ok || result.issues.every((issue) => issue.message.length > 10)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("whatever a flag holds, a kill gives one of its variants to everyone, or names the choices", () => {
  fc.assert(
    fc.property(flags, fc.option(names, { nil: undefined }), (flag, variant) => {
      const options = variant === undefined ? {} : { variant };
      const result = renderKill(flag, options);
      const given = result.ok ? [result.variant] : result.choices;
      expect(given.every((name) => Object.hasOwn(flag.variants, name))).toBe(true);
      expect(result.ok && [result.flag.state, result.flag.targeting, result.flag.defaultVariant]).toEqual(
        result.ok && ["ENABLED", undefined, result.variant],
      );
      const some = renderSegmentKill(flag, { ...options, segment: "vip" });
      expect(some.ok ? some.variant : some.choices).toEqual(result.ok ? result.variant : result.choices);
    }),
    { numRuns: 200 },
  );
});

test("whatever flags hold, they are summed up and their change is said in a sentence", () => {
  fc.assert(
    fc.property(flags, flags, (before, after) => {
      const sentence = describeChange({
        id: "1",
        occurredAt: "2026-01-01T00:00:00Z",
        source: "flagspan",
        flagSetId: "s",
        flagKey: "f",
        action: "rollout",
        actor: { id: "a", type: "user" },
        previous: summarizeFlag(before),
        current: summarizeFlag(after),
      });
      expect(sentence).toMatch(/^a moved the rollout of f in s/);
      expect(sentence).not.toMatch(/NaN|undefined|function|\[object/);
    }),
    { numRuns: 200 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("targeting nested twenty thousand deep is refused or rendered, not a stack overflow", () => {
  const nest = (wrap: (inner: JsonValue) => JsonValue): JsonValue => {
    let tree: JsonValue = "off";
    for (let level = 0; level < 20_000; level++) tree = wrap(tree);
    return tree;
  };
  const step: RolloutStep = {
    rolloutId: "r",
    stage: "s",
    treatment: "on",
    control: "off",
    salt: "r",
    segments: [],
    percent: 1,
  };
  for (const targeting of [
    nest((inner) => ({ if: [true, inner] })),
    nest((inner) => ({ if: [true, "on", inner] })),
    nest((inner) => ({ fractional: [[inner, 1]] })),
    nest((inner) => [inner]),
  ]) {
    const flag: FlagDefinition = {
      state: "ENABLED",
      variants: { on: 1, off: 2 },
      defaultVariant: "off",
      targeting,
    };
    expect(renderRollout(flag, step).ok).toBe(false);
    expect(readRollout(flag)).toBeUndefined();
    expect(renderKill(flag)).toMatchObject({ ok: true, variant: "off" });
    expect(renderSegmentKill(flag, { segment: "vip" }).ok).toBe(true);
    expect(summarizeFlag(flag)).toMatchObject({ state: "ENABLED" });
  }
});
