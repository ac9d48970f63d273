import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ExposureBook } from "./exposure-book.ts";
import { parseFastLaneEvent } from "./fast-lane-event.ts";
import type { Arm, ExposuresEvent, OutcomeEvent } from "./fast-lane-event.ts";
import { ObservationBook } from "./observation-book.ts";
import { hashUnit, isSampled } from "./unit-sample.ts";

const shares = new Map([
  ["1pct", 0.01],
  ["10pct", 0.1],
  ["internal", 0],
]);
const book = (limits = {}): ObservationBook =>
  new ObservationBook({ treatment: "on", control: "off", shares, chosen: new Set(["internal"]) }, limits);
const base = { flagKey: "dark-mode", rolloutId: "dark-mode-1", source: "server", atMs: 5 } as const;
const outcome = (unit: string | undefined, arm: Arm, more: Partial<OutcomeEvent> = {}): OutcomeEvent => ({
  ...base,
  kind: "outcome",
  outcome: "error",
  stage: "10pct",
  arm,
  variant: arm === "treatment" ? "on" : "off",
  ...(unit === undefined ? {} : { unit }),
  ...more,
});
const exposures = (
  units: readonly string[],
  arm: Arm,
  more: Partial<ExposuresEvent> = {},
): ExposuresEvent => ({
  ...base,
  kind: "exposures",
  stage: "10pct",
  arm,
  variant: arm === "treatment" ? "on" : "off",
  units,
  sample: 1,
  ...more,
});

describe("the book of units", () => {
  it("counts a unit once, however many processes and requests report it", () => {
    const seen = book();
    for (let report = 0; report < 20; report += 1) seen.add(outcome("u1", "treatment"), true, report);
    expect(seen.observe(0).stages["10pct"]?.outcomes["error"]?.first).toEqual({ treatment: 1, control: 0 });
  });

  it("counts a unit as evidence only in the stage where it first turned bad, but reports it in each", () => {
    const seen = book();
    seen.add(outcome("u1", "control", { stage: "1pct" }), true, 1);
    seen.add(outcome("u1", "treatment"), true, 2);
    const { stages } = seen.observe(3);
    expect(stages["1pct"]?.outcomes["error"]?.first).toEqual({ treatment: 0, control: 1 });
    expect(stages["10pct"]?.outcomes["error"]).toMatchObject({
      first: { treatment: 0, control: 0 },
      units: { treatment: 1, control: 0 },
    });
  });

  it("keeps kinds and bounds apart", () => {
    const seen = book();
    seen.add(outcome("u1", "treatment"), true, 1);
    seen.add(outcome("u1", "treatment", { outcome: "slow", boundMs: 250 }), true, 1);
    seen.add(outcome("u1", "treatment", { outcome: "slow", boundMs: 900 }), true, 1);
    expect(Object.keys(seen.observe(2).stages["10pct"]?.outcomes ?? {})).toEqual([
      "error",
      "slow:250",
      "slow:900",
    ]);
  });

  it.each([
    ["a browser", outcome("u1", "treatment", { source: "browser" }), true],
    ["a key without the telemetry scope", outcome("u1", "treatment"), false],
    ["an app that knows no unit", outcome(undefined, "treatment"), true],
    ["an edge that took it from baggage", outcome("u1", "treatment", { source: "baggage" }), true],
  ])("takes what %s reports for a signal, never for evidence", (_, event, trusted) => {
    const seen = book();
    seen.add(event, trusted, 1);
    expect(seen.observe(2).stages["10pct"]?.outcomes["error"]).toMatchObject({
      first: { treatment: 0, control: 0 },
      units: { treatment: 0, control: 0 },
      signal: { treatment: 1, control: 0 },
    });
  });

  it("takes what an app reports by track for evidence", () => {
    const seen = book();
    seen.add(outcome("u1", "treatment", { source: "track" }), true, 1);
    expect(seen.observe(2).stages["10pct"]?.outcomes["error"]?.first.treatment).toBe(1);
  });

  it.each([
    ["a twin variant", outcome("u1", "treatment", { variant: "on.fixed" })],
    ["a stage of an earlier run", outcome("u1", "treatment", { stage: "10pct.r2" })],
    ["an arm its variant does not belong to", outcome("u1", "treatment", { variant: "off" })],
  ])("ignores %s", (_, event) => {
    expect(book().add(event, true, 1)).toBe("ignored");
  });

  it("takes the twin for the treatment where users are chosen, because nobody else is treated there", () => {
    const seen = book();
    expect(seen.add(outcome("u1", "treatment", { stage: "internal", variant: "on.fixed" }), true, 1)).toBe(
      "new",
    );
    expect(seen.add(outcome("u2", "treatment", { stage: "internal", variant: "on" }), true, 1)).toBe(
      "ignored",
    );
  });

  it("drops and counts bad units beyond its bound, whichever arm they are in", () => {
    const seen = book({ badUnits: 10 });
    const results = Array.from({ length: 12 }, (_, index) =>
      seen.add(outcome(`u${index}`, "control"), true, 1),
    );
    expect(results.slice(10)).toEqual(["dropped", "dropped"]);
    expect(seen.observe(2).dropped).toBe(2);
  });

  it("does not let exposures of a browser or an unknown key into the sample ratio", () => {
    const seen = book();
    expect(seen.add(exposures(["a", "b"], "treatment"), false, 1)).toBe("ignored");
    expect(seen.add(exposures(["a", "b"], "treatment", { source: "browser" }), true, 1)).toBe("ignored");
    expect(seen.observe(2).stages["10pct"]?.exposed).toEqual({ treatment: 0, control: 0 });
  });

  it("counts bad units against exposed ones whichever is reported first", () => {
    const seen = book();
    seen.add(outcome("u1", "treatment"), true, 1);
    seen.add(exposures(["u1", "u2"], "treatment"), true, 2);
    seen.add(outcome("u2", "treatment"), true, 3);
    seen.add(outcome("never exposed", "treatment"), true, 3);
    expect(seen.observe(4).stages["10pct"]).toMatchObject({
      exposed: { treatment: 2, control: 0 },
      outcomes: { error: { sampled: { treatment: 2 }, units: { treatment: 3 } } },
    });
  });

  it("brings processes with different samples to the coarsest, as if all had sent that one", () => {
    const ids = Array.from({ length: 4000 }, (_, index) => `unit-${index}`);
    const quarter = ids.filter((id) => isSampled(id, 4));
    const mixed = book();
    mixed.add(exposures(ids.slice(0, 2000), "control"), true, 1);
    for (const id of ids.slice(0, 100)) mixed.add(outcome(id, "control"), true, 1);
    mixed.add(
      exposures(
        ids.slice(2000).filter((id) => isSampled(id, 4)),
        "control",
        { sample: 4 },
      ),
      true,
      2,
    );
    const seen = mixed.observe(3);
    expect(seen.sample).toBe(4);
    expect(seen.stages["10pct"]?.exposed.control).toBe(quarter.length);
    expect(seen.stages["10pct"]?.outcomes["error"]?.sampled.control).toBe(
      ids.slice(0, 100).filter((id) => isSampled(id, 4)).length,
    );
    expect(Math.abs(quarter.length * 4 - 4000)).toBeLessThan(250);
  });

  it("grows coarser instead of larger", () => {
    const seen = book({ exposedUnits: 500 });
    for (let batch = 0; batch < 40; batch += 1)
      seen.add(
        exposures(
          Array.from({ length: 100 }, (_, index) => `u${batch}-${index}`),
          "control",
        ),
        true,
        batch,
      );
    const { sample, stages } = seen.observe(50);
    expect(sample).toBeGreaterThanOrEqual(8);
    expect(stages["10pct"]?.exposed.control).toBeLessThanOrEqual(500);
    expect(Math.abs((stages["10pct"]?.exposed.control ?? 0) * sample - 4000)).toBeLessThan(900);
  });
});

describe("exposures over rising percentages", () => {
  it("expect of a former control unit exactly the chance its place leaves, and nothing of a treated one", () => {
    const exposed = new ExposureBook();
    exposed.add("was control", "1pct", "control", 0.01);
    exposed.add("was treated", "1pct", "treatment", 0.01);
    exposed.add("was control", "10pct", "treatment", 0.1);
    exposed.add("was treated", "10pct", "treatment", 0.1);
    exposed.add("is new", "10pct", "control", 0.1);
    expect(exposed.strata()).toEqual([
      { share: 0.01, treatment: 1, control: 1 },
      { share: expect.closeTo(0.09 / 0.99, 12), treatment: 1, control: 0 },
      { share: 0.1, treatment: 0, control: 1 },
    ]);
    expect(exposed.switched).toBe(0);
  });

  it("learn nothing of a unit's place from having chosen it", () => {
    const exposed = new ExposureBook();
    exposed.add("chosen", "internal", "treatment", undefined);
    exposed.add("chosen", "10pct", "control", 0.1);
    expect([exposed.strata(), exposed.switched]).toEqual([[{ share: 0.1, treatment: 0, control: 1 }], 0]);
  });

  it("notice a unit that changes sides against its place", () => {
    const exposed = new ExposureBook();
    exposed.add("u", "1pct", "treatment", 0.01);
    exposed.add("u", "10pct", "control", 0.1);
    expect(exposed.switched).toBe(1);
  });
});

describe("a fast-lane record", () => {
  const attributes = {
    "feature_flag.key": "dark-mode",
    "feature_flag.rollout.id": "dark-mode-1",
    "feature_flag.rollout.stage": "10pct",
    "feature_flag.rollout.arm": "treatment",
    "feature_flag.result.variant": "on",
    "feature_flag.outcome.kind": "error",
    "feature_flag.outcome.source": "server",
    "feature_flag.context.id": "u1",
  };
  it.each([
    ["another event", { eventName: "feature_flag.evaluation", attributes }],
    [
      "no rollout",
      { eventName: "feature_flag.outcome", attributes: { ...attributes, "feature_flag.rollout.id": "" } },
    ],
    [
      "an unknown arm",
      {
        eventName: "feature_flag.outcome",
        attributes: { ...attributes, "feature_flag.rollout.arm": "both" },
      },
    ],
    [
      "an unknown kind",
      {
        eventName: "feature_flag.outcome",
        attributes: { ...attributes, "feature_flag.outcome.kind": "sad" },
      },
    ],
    [
      "slow without a bound",
      {
        eventName: "feature_flag.outcome",
        attributes: { ...attributes, "feature_flag.outcome.kind": "slow" },
      },
    ],
    [
      "a sample that is no power of two",
      {
        eventName: "feature_flag.exposures",
        attributes: {
          ...attributes,
          "feature_flag.exposures.units": ["a"],
          "feature_flag.exposures.sample": 3,
        },
      },
    ],
    [
      "units that are no list",
      {
        eventName: "feature_flag.exposures",
        attributes: { ...attributes, "feature_flag.exposures.units": "a" },
      },
    ],
  ])("with %s is none", (_, record) => {
    expect(parseFastLaneEvent({ ...record, timeUnixMs: 1 })).toBeUndefined();
  });

  it("whose unit is too long to be one counts as an outcome without a unit", () => {
    const event = parseFastLaneEvent({
      eventName: "feature_flag.outcome",
      timeUnixMs: 1,
      attributes: { ...attributes, "feature_flag.context.id": "x".repeat(200) },
    });
    expect(event).not.toHaveProperty("unit");
  });

  it("may carry its name only as an attribute, as exporters without event names send it", () => {
    expect(
      parseFastLaneEvent({
        timeUnixMs: 1,
        attributes: { ...attributes, "otel.event.name": "feature_flag.outcome" },
      }),
    ).toMatchObject({
      kind: "outcome",
      unit: "u1",
    });
  });
});

describe("the unit sample", () => {
  const { examples } = JSON.parse(
    readFileSync(new URL("../../../../test/contracts/unit-sample.json", import.meta.url), "utf8"),
  ) as { examples: readonly { unit: string; hash: number }[] };

  it.each(examples)("hashes $unit as telemetry does", ({ unit, hash }) => {
    expect(hashUnit(unit)).toBe(hash);
  });

  it("of 1/16 is part of that of 1/8", () => {
    const sixteenth = Array.from({ length: 2000 }, (_, index) => `u${index}`).filter((unit) =>
      isSampled(unit, 16),
    );
    expect(sixteenth.length).toBeGreaterThan(60);
    expect(sixteenth.filter((unit) => !isSampled(unit, 8))).toEqual([]);
  });
});
