import { readFileSync } from "node:fs";
import { parseFastLaneEvent, parsePlan, renderReport } from "@flagspan/guard";
import type { RolloutView } from "@flagspan/guard";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { exposures, failure, units } from "./events.ts";
import { buildHouse } from "./house.ts";

interface Contract<Example> {
  readonly schema: object;
  readonly examples: readonly Example[];
}

function contractOf<Example>(name: string): Contract<Example> {
  return JSON.parse(
    readFileSync(new URL(`../contracts/${name}.json`, import.meta.url), "utf8"),
  ) as Contract<Example>;
}

function violationsOf(name: string, value: unknown): readonly unknown[] {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(contractOf(name).schema);
  return validate(value) ? [] : (validate.errors ?? []);
}

interface Sent {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

describe("what telemetry sends", () => {
  it.each(contractOf<Sent>("outcome").examples)("is read as an outcome: %#", (sent) => {
    const { attributes } = sent;
    expect(parseFastLaneEvent({ ...sent, timeUnixMs: 7 })).toEqual({
      kind: "outcome",
      flagKey: "dark-mode",
      variant: "on",
      rolloutId: "r-42",
      stage: "2",
      arm: "treatment",
      outcome: attributes["feature_flag.outcome.kind"],
      source: attributes["feature_flag.outcome.source"],
      atMs: 7,
      ...optional("flagSetId", attributes["feature_flag.set.id"]),
      ...optional("unit", attributes["feature_flag.context.id"]),
      ...optional("boundMs", attributes["feature_flag.outcome.bound_ms"]),
      ...optional("errorType", attributes["error.type"]),
    });
  });

  it.each(contractOf<Sent>("exposures").examples)("is read as exposures: %#", (sent) => {
    expect(parseFastLaneEvent({ ...sent, timeUnixMs: 7 })).toMatchObject({
      kind: "exposures",
      units: sent.attributes["feature_flag.exposures.units"],
      sample: sent.attributes["feature_flag.exposures.sample"],
    });
  });
});

describe("plan.json", () => {
  it.each(contractOf<Record<string, unknown>>("plan").examples)(
    "holds plans the guard accepts: %#",
    (example) => {
      const plan = Object.fromEntries(
        Object.entries(example).filter(([name]) => name !== "start" && name !== "reason"),
      );
      expect(parsePlan(plan)).toMatchObject({ ok: true });
    },
  );

  it("refuses what the guard refuses", () => {
    const [good] = contractOf<Record<string, unknown>>("plan").examples;
    for (const wrong of [
      { stages: [] },
      { alpha: 1 },
      { onBreach: "panic" },
      { guardrails: [{ outcome: "crash" }] },
      { stages: [{ percent: 200 }] },
      { hold: "soon" },
      { extra: 1 },
    ]) {
      expect(violationsOf("plan", { ...good, ...wrong })).not.toEqual([]);
      expect(parsePlan({ ...good, ...wrong })).toMatchObject({ ok: false });
    }
  });
});

describe("rollout.json", () => {
  it("is what control answers, from the draft to the kill and its report", async () => {
    const house = await buildHouse();
    const { body } = await house.send<{ rollout: RolloutView }>(["write"], "POST", "/v1/rollouts", {
      flag: "dark-mode",
      set: "shop.prod",
      stages: "internal,10%,100%",
      hold: "5s",
      guardrails: [
        { outcome: "error" },
        { outcome: "error", limit: "50%" },
        { outcome: "slow", overMs: [250] },
        { alert: "CheckoutSlo" },
      ],
    });
    const { id } = body.rollout;
    const seen: RolloutView[] = [body.rollout];
    await house.send(["write"], "POST", `/v1/rollouts/${id}/start`, { reason: "the dark theme is ready" });
    await house.pass(1);
    house.guard.observe([exposures(id, "internal", "control", units("c", 50))], { scopes: ["telemetry"] });
    await house.pass(6);
    seen.push(await house.rollout(id));
    house.guard.observe(
      [
        exposures(id, "10pct", "treatment", units("t", 20)),
        exposures(id, "10pct", "control", units("c", 180)),
        ...units("t", 10).map((unit) =>
          failure(id, "10pct", "treatment", unit, { "error.type": "TypeError" }),
        ),
        failure(id, "10pct", "control", "c1"),
      ],
      { scopes: ["telemetry"] },
    );
    await house.pass(3);
    const view = await house.rollout(id);
    for (const answer of [...seen, view]) expect(violationsOf("rollout", answer)).toEqual([]);
    expect([...seen, view].map((answer) => answer.status)).toEqual(["draft", "running", "killed"]);

    const report = renderReport(view);
    for (const words of [
      "# Rollout of dark-mode: killed",
      "**error breached** in 10pct",
      "| 10pct | 10.0 % | 20 | 180 | 10 | 1 |",
      "Users harmed beyond control's rate: **10**",
      "decision to everywhere",
      "## Follow-ups",
    ])
      expect(report).toContain(words);

    const unit = await house.send<{ rollout: { outcomes: readonly object[] } }>(
      ["write"],
      "GET",
      `/v1/rollouts/${encodeURIComponent("unit:t3")}`,
    );
    expect(unit.body.rollout.outcomes).toEqual([
      expect.objectContaining({
        flag: "dark-mode",
        rollout: id,
        outcome: "error",
        arm: "treatment",
        stage: "10pct",
        errorType: "TypeError",
      }),
    ]);
    await house.close();
  });
});

function optional(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [name]: value };
}
