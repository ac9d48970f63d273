import { FlagdCore } from "@openfeature/flagd-core";
import { evaluate, parseRuleset } from "@flagspan/ruleset";
import type { FlagDefinition, JsonValue } from "@flagspan/ruleset";
import { renderKill, renderRollout, renderSegmentKill } from "@flagspan/ruleset/rollout";
import type { RolloutStep } from "@flagspan/ruleset/rollout";
import fc from "fast-check";
import { expect, test } from "vitest";

const $evaluators: Readonly<Record<string, JsonValue>> = {
  internal: { ends_with: [{ var: "email" }, "@example.com"] },
  beta: { "==": [{ var: "beta" }, true] },
};
const onOff: FlagDefinition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
const step: RolloutStep = {
  rolloutId: "r1",
  stage: "s",
  treatment: "on",
  control: "off",
  salt: "r1",
  segments: [],
  percent: 50,
};

interface Context {
  readonly [attribute: string]: string | boolean;
}

/** One flag's variant, from Flagspan and from stock flagd reading the same text. */
function answersOf(flag: FlagDefinition): (context: Context) => readonly [ours: unknown, stock: unknown] {
  const text = JSON.stringify({ flags: { "dark-mode": flag }, $evaluators });
  const parsed = parseRuleset(JSON.parse(text));
  if (!parsed.ok || parsed.issues.length > 0) throw new Error("not a ruleset");
  const flagd = new FlagdCore();
  flagd.setConfigurations(text);
  return (context) => [
    evaluate(parsed.ruleset, "dark-mode", context, 0).variant,
    flagd.resolveBooleanEvaluation("dark-mode", false, { ...context }).variant,
  ];
}

const older = fc.array(
  fc.tuple(
    fc.constantFrom<JsonValue>({ $ref: "beta" }, { "==": [{ var: "plan" }, "pro"] }),
    fc.constantFrom<JsonValue>("on", "off", { if: [{ "==": [{ var: "plan" }, "pro"] }, "on", "off"] }),
  ),
  { maxLength: 3 },
);
const steps = fc.record({
  segments: fc.subarray(["internal", "beta"]),
  percent: fc.constantFrom(0, 0.001, 1, 12.5, 50, 99.999, 100),
  salt: fc.stringMatching(/^[a-z0-9-]{1,12}$/),
});
const contexts: fc.Arbitrary<Context> = fc.record(
  {
    // Not ending in a space: flagd's Go trims what `cat` answers, as we do, its JavaScript does not.
    targetingKey: fc.stringMatching(/^[ -~]{0,15}[!-~]$/),
    email: fc.constantFrom("ada@example.com", "ada@example.org"),
    beta: fc.boolean(),
    plan: fc.constantFrom("pro", "free"),
  },
  { requiredKeys: [] },
);

test("a rendered rollout, with segments, older rules and a segment kill, is answered by stock flagd alike", () => {
  fc.assert(
    fc.property(
      older,
      steps,
      fc.boolean(),
      fc.array(contexts, { maxLength: 10 }),
      (rules, overrides, isCut, users) => {
        const flag = rules.length === 0 ? onOff : { ...onOff, targeting: { if: rules.flat() } };
        const rendered = renderRollout(flag, { ...step, ...overrides });
        if (!rendered.ok) throw new Error(rendered.issues[0]?.message);
        const cut = isCut ? renderSegmentKill(rendered.flag, { segment: "beta" }) : rendered;
        const answers = answersOf(cut.ok ? cut.flag : rendered.flag);
        for (const user of users) {
          const [ours, stock] = answers(user);
          expect([user, stock]).toEqual([user, ours]);
        }
      },
    ),
  );
});

test("a kill is answered by stock flagd alike, for everyone and for some versions of the app", () => {
  const everyone = renderKill({ ...onOff, state: "DISABLED", defaultVariant: "on" });
  expect(everyone.ok && answersOf(everyone.flag)({ targetingKey: "u", beta: true })).toEqual(["off", "off"]);
  const some = renderSegmentKill(
    { ...onOff, defaultVariant: "on" },
    { semver: { attribute: "appVersion", operator: "<", version: "2.1.0" } },
  );
  const answers = some.ok ? answersOf(some.flag) : undefined;
  expect(answers?.({ appVersion: "2.0.9" })).toEqual(["off", "off"]);
  expect(answers?.({ appVersion: "2.1.0" })).toEqual(["on", "on"]);
  expect(answers?.({})).toEqual(["on", "on"]);
});
