import { parseRuleset, type Ruleset, updateRuleset } from "@flagspan/ruleset";
import { expect, test } from "vitest";
import { createPollInterval } from "./poll-interval.ts";

const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
const watched = { ...flag, metadata: { rollout: "r-1/10%" } };

function rulesetOf(flags: object): Ruleset {
  const parsed = parseRuleset({ flags });
  if (!parsed.ok) throw new Error("refused");
  return parsed.ruleset;
}

test("fetches as configured, at most a second apart while a flag is under rollout, and as configured again after it", () => {
  let held: Ruleset | undefined;
  const slow = createPollInterval(60_000, () => held);
  const fast = createPollInterval(250, () => held);
  const both = (): readonly number[] => [slow(), fast()];
  expect(both()).toEqual([60_000, 250]);
  held = rulesetOf({ calm: flag });
  expect(both()).toEqual([60_000, 250]);
  held = updateRuleset(held, { flags: { dark: watched } }).ruleset;
  expect(both()).toEqual([1000, 250]);
  held = updateRuleset(held, { flags: { dark: flag } }).ruleset;
  expect(both()).toEqual([60_000, 250]);
});
