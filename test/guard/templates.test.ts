import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parsePlan } from "@flagspan/guard";

const home = new URL("../../packages/guard/templates/", import.meta.url);
const names = readdirSync(home);

describe("the templates", () => {
  it("are the four the documentation names", () => {
    expect(names.sort()).toEqual([
      "cautious-week.yaml",
      "dark-launch.yaml",
      "instant-with-guard.yaml",
      "standard-48h.yaml",
    ]);
  });

  it.each(names)("%s is a whole plan once it has a flag and a set", (name) => {
    const result = parsePlan({
      ...parse(readFileSync(new URL(name, home), "utf8")),
      flag: "dark-mode",
      set: "shop.prod",
    });
    expect(result).toMatchObject({ ok: true, plan: { onBreach: "kill", alpha: 0.01 } });
  });

  it("last as long as they are called: 48 hours and a week", () => {
    const hours = (name: string): number => {
      const result = parsePlan({ ...parse(readFileSync(new URL(name, home), "utf8")), flag: "f", set: "s" });
      return result.ok ? result.plan.stages.reduce((sum, stage) => sum + stage.hold.minMs, 0) / 3_600_000 : 0;
    };
    expect([hours("standard-48h.yaml"), hours("cautious-week.yaml")]).toEqual([49, 170]);
  });
});
