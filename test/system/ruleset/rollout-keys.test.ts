import { FlagdCore } from "@openfeature/flagd-core";
import { evaluateCompiled, parseRuleset } from "@flagspan/ruleset";
import type { FlagDefinition } from "@flagspan/ruleset";
import { renderKill, renderRollout } from "@flagspan/ruleset/rollout";
import { expect, test } from "vitest";

const keys = Array.from({ length: 100_000 }, (_, index) => `user-${index}@example.com`);
const $evaluators = { staff: { "==": [{ var: "staff" }, true] } };
const flag: FlagDefinition = {
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting: { if: [{ starts_with: [{ var: "targetingKey" }, "user-77"] }, "on", "off"] },
};

function render(percent: number): FlagDefinition {
  const result = renderRollout(flag, {
    rolloutId: "r1",
    stage: `${percent}pct`,
    treatment: "on",
    control: "off",
    salt: "r1",
    segments: ["staff"],
    percent,
  });
  if (!result.ok) throw new Error(result.issues[0]?.message);
  return result.flag;
}

/** The variant of every key, ours and from stock flagd. */
function variantsOf(rendered: FlagDefinition): Readonly<Record<"ours" | "stock", readonly unknown[]>> {
  const document = { flags: { "dark-mode": rendered }, $evaluators };
  const parsed = parseRuleset(document);
  if (!parsed.ok || parsed.issues.length > 0) throw new Error("not a ruleset");
  const flagd = new FlagdCore();
  flagd.setConfigurations(JSON.stringify(document));
  return {
    ours: keys.map(
      (targetingKey) => evaluateCompiled(parsed.ruleset, "dark-mode", { targetingKey }, 0).variant,
    ),
    stock: keys.map(
      (targetingKey) => flagd.resolveBooleanEvaluation("dark-mode", false, { targetingKey }).variant,
    ),
  };
}

test("100,000 keys: nobody leaves while the percentage rises, and stock flagd gives everyone the same variant", () => {
  let before: readonly unknown[] = keys.map(() => "off");
  for (const percent of [0, 0.1, 1, 10, 25, 50, 75, 100]) {
    const { ours: now, stock } = variantsOf(render(percent));
    expect(stock).toEqual(now);
    const left = keys.filter((_, index) => before[index] === "on" && now[index] !== "on");
    expect(left).toEqual([]);
    const decided = now.filter((variant) => variant === "on" || variant === "off");
    const share = decided.filter((variant) => variant === "on").length / decided.length;
    expect(Math.abs(share * 100 - percent)).toBeLessThan(0.6);
    const treatedAnyway = keys.flatMap((key, index) => (key.startsWith("user-77") ? [now[index]] : []));
    expect(new Set(treatedAnyway)).toEqual(new Set(["on.fixed"]));
    before = now;
  }
});

test("100,000 keys: everybody is in control after a kill, in stock flagd too", () => {
  const killed = renderKill(render(50));
  if (!killed.ok) throw new Error("not killed");
  const { ours, stock } = variantsOf(killed.flag);
  expect(new Set([...ours, ...stock])).toEqual(new Set(["off"]));
});
