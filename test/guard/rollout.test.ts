import { parseFastLaneEvent } from "@flagspan/guard";
import type { FastLaneEvent, RolloutView } from "@flagspan/guard";
import { afterEach, describe, expect, it } from "vitest";
import { buildHouse } from "./house.ts";
import type { House } from "./house.ts";

const houses: House[] = [];
const open = async (options?: Parameters<typeof buildHouse>[0]): Promise<House> => {
  const house = await buildHouse(options);
  houses.push(house);
  return house;
};
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

const plan = {
  flag: "dark-mode",
  set: "shop.prod",
  stages: [{ percent: 10, hold: "15m" }, { percent: 50, hold: "15m" }, { percent: 100 }],
  guardrails: [{ outcome: "error", tolerate: 1.1 }],
};

function event(
  id: string,
  stage: string,
  arm: "treatment" | "control",
  more: Record<string, unknown>,
): FastLaneEvent {
  const parsed = parseFastLaneEvent({
    eventName:
      more["feature_flag.exposures.units"] === undefined ? "feature_flag.outcome" : "feature_flag.exposures",
    timeUnixMs: 0,
    attributes: {
      "feature_flag.key": "dark-mode",
      "feature_flag.set.id": "shop.prod",
      "feature_flag.result.variant": arm === "treatment" ? "on" : "off",
      "feature_flag.rollout.id": id,
      "feature_flag.rollout.stage": stage,
      "feature_flag.rollout.arm": arm,
      "feature_flag.outcome.source": "server",
      ...more,
    },
  });
  if (parsed === undefined) throw new Error("not a fast-lane event");
  return parsed;
}

const exposures = (
  id: string,
  stage: string,
  arm: "treatment" | "control",
  units: readonly string[],
): FastLaneEvent =>
  event(id, stage, arm, { "feature_flag.exposures.units": units, "feature_flag.exposures.sample": 1 });
const failure = (id: string, stage: string, arm: "treatment" | "control", unit: string): FastLaneEvent =>
  event(id, stage, arm, { "feature_flag.outcome.kind": "error", "feature_flag.context.id": unit });
const units = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const believed = { scopes: ["telemetry"] };

async function start(house: House, document: unknown = plan): Promise<string> {
  const created = await house.send<{ rollout: RolloutView }>(["write"], "POST", "/v1/rollouts", document);
  expect(created).toMatchObject({ status: 201 });
  const { id } = created.body.rollout;
  expect(await house.send(["write"], "POST", `/v1/rollouts/${id}/start`, {})).toMatchObject({ status: 200 });
  await house.pass(1);
  return id;
}

describe("a rollout through control's own API", () => {
  it("starts at ten percent, and a harmful treatment is off after the third tick at the latest", async () => {
    const house = await open();
    const id = await start(house);
    const { flag } = await house.client.getFlag("shop.prod", "dark-mode");
    expect(flag.metadata).toMatchObject({
      rollout: `${id}/10pct`,
      rolloutTreatment: "on",
      rolloutControl: "off",
    });
    house.guard.observe(
      [
        exposures(id, "10pct", "treatment", units("t", 20)),
        exposures(id, "10pct", "control", units("c", 180)),
        ...units("t", 10).map((unit) => failure(id, "10pct", "treatment", unit)),
        failure(id, "10pct", "control", "c1"),
      ],
      believed,
    );
    await house.pass(2);
    const view = await house.rollout(id);
    expect(view.status).toBe("killed");
    expect(view.unitsHarmed).toBe(10);
    const killed = await house.client.getFlag("shop.prod", "dark-mode");
    expect(killed.killed).toBe(true);
    expect(killed.flag).toMatchObject({ state: "ENABLED", defaultVariant: "off" });
    expect(killed.flag.targeting).toBeUndefined();
    expect(house.notices.map((notice) => notice.topic)).toEqual(
      expect.arrayContaining(["started", "breach", "killed"]),
    );
  });
});
