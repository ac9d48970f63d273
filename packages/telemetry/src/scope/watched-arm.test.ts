import { expect, test } from "vitest";

import { WatchedArms } from "./watched-arm.ts";

const metadata = {
  rollout: "r-42/2",
  rolloutTreatment: "on",
  rolloutControl: "off",
  rolloutSlowMs: "900, 250,250,x,-1",
};

test("it reads the arm, the stage and the bounds, and keeps them by identity", () => {
  const arms = new WatchedArms();
  const arm = arms.read("dark-mode", "on", metadata);
  expect(arm).toEqual({ rolloutId: "r-42", stage: "2", arm: "treatment", slowMs: [250, 900] });
  expect(arms.read("dark-mode", "on", { ...metadata })).toBe(arm);
  expect(arms.read("dark-mode", "off", metadata)?.arm).toBe("control");
});

test.each([
  { what: "a twin", variant: "on.fixed", change: {} },
  { what: "no variant", variant: undefined, change: {} },
  { what: "no rollout", variant: "on", change: { rollout: undefined } },
  { what: "a rollout without a stage", variant: "on", change: { rollout: "r-42" } },
  { what: "a rollout with an empty stage", variant: "on", change: { rollout: "r-42/" } },
])("$what is not watched", ({ variant, change }) => {
  expect(new WatchedArms().read("dark-mode", variant, { ...metadata, ...change })).toBe(undefined);
});

test("it holds a bounded number of flags", () => {
  const arms = new WatchedArms(2);
  const read = (key: string): boolean => arms.read(key, "on", metadata) !== undefined;
  expect([read("a"), read("b"), read("c"), read("a")]).toEqual([true, true, false, true]);
});
