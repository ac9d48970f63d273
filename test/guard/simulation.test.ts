import type { RolloutView } from "@flagspan/guard";
import { afterEach, describe, expect, it } from "vitest";
import { createChance } from "../bench/guard/random.ts";
import { simulateRollout } from "../bench/guard/simulate.ts";
import type { Mistake } from "../bench/guard/simulate.ts";
import { startApp } from "./apps.ts";
import type { App } from "./apps.ts";
import { buildHouse } from "./house.ts";
import type { House } from "./house.ts";

describe("a harmless change, watched every second", () => {
  it("is killed in at most 1 % of 500 rollouts and its sample ratio doubted in none", () => {
    const results = Array.from({ length: 500 }, (_, index) => simulateRollout({ seed: index + 1 }));
    expect(results.filter((result) => result.killed).length).toBeLessThanOrEqual(5);
    expect(results.filter((result) => result.sampleRatioAlarm).length).toBe(0);
    expect(results.filter((result) => result.completed).length).toBeGreaterThan(480);
    expect(new Set(results.map((result) => result.processes)).size).toBe(10);
  });

  it.each<[Mistake, string]>([
    ["requests", "killed"],
    ["pooled stages", "killed"],
    ["summed exposures", "doubted"],
    ["no twins", "doubted"],
  ])("with %s counted instead would be %s far too often", (mistake) => {
    const results = Array.from({ length: 45 }, (_, index) => simulateRollout({ seed: index + 1, mistake }));
    const wrong = results.filter((result) => result.killed || result.sampleRatioAlarm).length;
    expect(wrong / results.length).toBeGreaterThan(0.03);
  });
});

describe("a harmful change", () => {
  it("that makes users fail ten times as often is killed in nearly every rollout", () => {
    const results = Array.from({ length: 25 }, (_, index) => simulateRollout({ seed: index + 1, ratio: 10 }));
    expect(results.filter((result) => result.killed).length).toBeGreaterThan(22);
  });
});

describe("telemetry, its wire and the guard together", () => {
  const open: { house?: House; apps: App[] } = { apps: [] };
  afterEach(async () => {
    for (const app of open.apps.splice(0)) await app.close();
    await open.house?.close();
  });

  /** Three processes of a shop behind one guard; every user talks to all of them. */
  async function play(
    seconds: number,
    harm: (variant: string) => { fails: number; slow: number },
  ): Promise<RolloutView> {
    const chance = createChance(20261121);
    const house = await buildHouse();
    open.house = house;
    open.apps = ["storefront", "checkout", "stock"].map((name) =>
      startApp(
        name,
        () => house.nowMs,
        (events) => house.guard.observe(events, { scopes: ["telemetry"] }),
      ),
    );
    const created = await house.send<{ rollout: RolloutView }>(["write"], "POST", "/v1/rollouts", {
      flag: "dark-mode",
      set: "shop.prod",
      stages: "internal,10%,50%,100%",
      hold: "20s",
      guardrails: [
        { outcome: "error" },
        { outcome: "slow", overMs: [250, 900] },
        { outcome: "error", limit: "40%" },
      ],
      start: true,
    });
    expect(created.status).toBe(201);
    const { id } = created.body.rollout;
    for (let second = 0; second < seconds; second += 1) {
      await house.pass(1);
      const { flag } = await house.client.getFlag("shop.prod", "dark-mode");
      for (const app of open.apps) app.load(flag);
      for (let visit = 0; visit < 40; visit += 1) {
        const user = chance.below(600);
        const email = user < 30 ? `u${user}@example.com` : `u${user}@customer.test`;
        for (const app of open.apps)
          app.request(`user-${user}`, email, (variant) => {
            const { fails, slow } = harm(variant);
            return { fails: chance.next() < fails, takesMs: chance.next() < slow ? 300 : 40 };
          });
      }
      for (const app of open.apps) await app.flush();
    }
    await house.pass(2);
    return house.rollout(id);
  }

  it("carry a healthy rollout through chosen users and rising percentages", async () => {
    const view = await play(84, () => ({ fails: 0.01, slow: 0.05 }));
    expect(view.status).toBe("completed");
    expect(view.unitsHarmed).toBeLessThan(25);
    const stages = Object.fromEntries(view.stages.map((stage) => [stage.name, stage.exposed]));
    // Every user was reported by three processes and counts once.
    expect((stages["10pct"]?.treatment ?? 0) + (stages["10pct"]?.control ?? 0)).toBeLessThanOrEqual(600);
    expect(stages["internal"]?.treatment).toBeGreaterThan(20);
    expect(stages["internal"]?.treatment).toBeLessThanOrEqual(30);
  });

  it("kill a change whose treated users fail", async () => {
    const view = await play(40, (variant) => ({ fails: variant.startsWith("on") ? 0.2 : 0.01, slow: 0.05 }));
    expect([view.status, view.breach?.guardrail]).toEqual(["killed", expect.stringMatching(/error/)]);
    expect(view.delay.firstBadToDecisionMs).not.toBeNull();
  });

  it("kill a change whose treated users wait", async () => {
    const view = await play(60, (variant) => ({ fails: 0.01, slow: variant === "on" ? 0.9 : 0.05 }));
    expect([view.status, view.breach?.guardrail]).toEqual(["killed", "slow"]);
    // On the clock of the simulation: at four new treated users a second, most of them hurt.
    expect(view.delay.firstBadToDecisionMs).toBeLessThan(8000);
  });
});
