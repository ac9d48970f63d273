import { describe, expect, it } from "vitest";
import { isFrozen, parseFreezeWindow } from "./freeze-window.ts";
import { describeDuration, parseDuration } from "./duration.ts";
import { parsePlan } from "./parse-plan.ts";

const whole = {
  flag: "dark-mode",
  set: "shop.prod",
  treatment: "on",
  control: "off",
  stages: [
    { segment: "internal", hold: "10m" },
    { percent: 1, hold: { min: "15m", units: 2000, approval: "none" } },
    { percent: 10, hold: { approval: "admin" } },
    { percent: 50 },
    { percent: 100 },
  ],
  guardrails: [
    { outcome: "error", tolerate: 1.1 },
    { outcome: "slow" },
    { outcome: "error", limit: "20%" },
    { query: "sum(rate(checkout_failed_total[1m]))" },
    { alert: "CheckoutSlo" },
  ],
  alpha: 0.01,
  onBreach: "kill",
  onNoData: "hold",
  onSampleRatioMismatch: "hold",
  freeze: ["Fri 16:00 - Mon 08:00 Europe/Berlin"],
};

const messages = (document: unknown): readonly string[] => {
  const result = parsePlan(document, { set: "shop.prod" });
  return result.ok ? [] : result.issues.map((issue) => issue.message);
};

describe("a rollout plan", () => {
  it("reads the plan of the design page", () => {
    const result = parsePlan(whole);
    expect(result).toMatchObject({
      ok: true,
      plan: {
        flagSetId: "shop.prod",
        stages: [
          { kind: "segment", name: "internal", hold: { minMs: 600_000 } },
          {
            kind: "percent",
            name: "1pct",
            percent: 1,
            hold: { minMs: 900_000, units: 2000, approval: "none" },
          },
          { name: "10pct", hold: { approval: "admin" } },
          { name: "50pct" },
          { name: "100pct" },
        ],
        guardrails: [
          { kind: "ratio", id: "error", tolerate: 1.1 },
          { kind: "ratio", id: "slow", overMs: [] },
          { kind: "limit", id: "limit:error", limit: 0.2 },
          { kind: "query" },
          { kind: "alert", alert: "CheckoutSlo" },
        ],
      },
    });
  });

  it("takes the short form of one line", () => {
    const result = parsePlan({
      flag: "dark-mode",
      set: "shop.prod",
      stages: "internal,1%,10%,50%,100%",
      hold: "15m",
    });
    if (!result.ok) throw new Error(JSON.stringify(result.issues));
    expect(result.plan.stages.map((stage) => stage.name)).toEqual([
      "internal",
      "1pct",
      "10pct",
      "50pct",
      "100pct",
    ]);
    expect(result.plan.guardrails).toMatchObject([{ kind: "ratio", outcome: "error", tolerate: 1.1 }]);
    expect(result.plan.alpha).toBe(0.01);
  });

  it.each([
    [
      { ...whole, guardrails: [{ outcome: "crash" }] },
      'outcome "crash" is not measured; telemetry reports error and slow.',
    ],
    [{ ...whole, guardrail: [] }, "guardrail is not known here"],
    [{ ...whole, stages: [{ percent: 10 }, { segment: "internal" }] }, "put segments first"],
    [{ ...whole, stages: [{ percent: 10 }, { percent: 5 }] }, "percentages only grow"],
    [{ ...whole, stages: [] }, "stages needs at least one entry"],
    [{ ...whole, stages: [{ percent: 101 }] }, "percent (0 to 100)"],
    [{ ...whole, stages: [{ percent: 1, hold: { min: "soon" } }] }, "stages[0].hold.min is a duration"],
    [{ ...whole, alpha: 2 }, "alpha is the chance of one false kill"],
    [{ ...whole, freeze: ["Fri 16:00 - Mon 08:00 Europe/Nowhere"] }, "a freeze window reads"],
    [{ ...whole, onBreach: "panic" }, "onBreach is one of kill, dial-down, pause, alert."],
    [{ ...whole, treatment: "off" }, "treatment and control must be different variants."],
    [{ ...whole, startAt: "2026-12-01 09:00" }, "a moment with an offset"],
    [
      { ...whole, guardrails: [{ outcome: "error" }, { outcome: "error", tolerate: 2 }] },
      "error is guarded twice",
    ],
    [{ ...whole, guardrails: [{ outcome: "error", limit: "120%" }] }, "between 0% and 100%"],
    [{ ...whole, guardrails: [{ query: "" }] }, "PromQL expression"],
    ["dark-mode", "the plan must be a mapping"],
  ])("refuses %#: the message says what would be right", (document, expected) => {
    expect(messages(document).join(" ")).toContain(expected);
  });

  it("tells everything that is wrong at once, each with its path", () => {
    const result = parsePlan({ stages: [{ percent: "a" }], alpha: 0, onNoData: "kill" });
    if (result.ok) throw new Error("accepted");
    expect(result.issues.map((issue) => issue.path)).toEqual(
      expect.arrayContaining([["flag"], ["set"], ["stages", 0], ["alpha"], ["onNoData"]]),
    );
  });
});

describe("a freeze window", () => {
  const weekend = parseFreezeWindow("Fri 16:00 - Mon 08:00 Europe/Berlin");
  it.each([
    ["2026-11-20T14:59:00Z", false],
    ["2026-11-20T15:00:00Z", true],
    ["2026-11-22T12:00:00Z", true],
    ["2026-11-23T06:59:00Z", true],
    ["2026-11-23T07:00:00Z", false],
    // In summer time Berlin is one hour further: the wall clock counts.
    ["2026-07-17T13:59:00Z", false],
    ["2026-07-17T14:00:00Z", true],
    ["2026-07-20T05:59:00Z", true],
    ["2026-07-20T06:00:00Z", false],
  ])("at %s is %s", (moment, frozen) => {
    expect(weekend !== undefined && isFrozen(weekend, Date.parse(moment))).toBe(frozen);
  });

  const night = parseFreezeWindow("Sat 22:00 - Sun 06:00 Europe/Berlin");
  it.each([
    // Clocks go back in this night: it lasts nine hours.
    ["2026-10-24T19:59:00Z", false],
    ["2026-10-24T20:00:00Z", true],
    ["2026-10-25T00:30:00Z", true],
    ["2026-10-25T01:30:00Z", true],
    ["2026-10-25T04:59:00Z", true],
    ["2026-10-25T05:00:00Z", false],
    // And forward in this one: seven hours.
    ["2026-03-28T20:59:00Z", false],
    ["2026-03-28T21:00:00Z", true],
    ["2026-03-29T01:00:00Z", true],
    ["2026-03-29T03:59:00Z", true],
    ["2026-03-29T04:00:00Z", false],
  ])("over a change of the clocks at %s is %s", (moment, frozen) => {
    expect(night !== undefined && isFrozen(night, Date.parse(moment))).toBe(frozen);
  });

  it("is refused with a day, time or zone that does not exist", () => {
    for (const text of [
      "Fri 25:00 - Mon 08:00 UTC",
      "Fry 16:00 - Mon 08:00 UTC",
      "Fri 16:00 - Fri 16:00 UTC",
      "always",
    ])
      expect(parseFreezeWindow(text)).toBeUndefined();
  });
});

describe("a duration", () => {
  it.each([
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    [90, 90_000],
    ["2d", 172_800_000],
    ["soon", undefined],
    ["-5m", undefined],
    [null, undefined],
  ])("%j is %s", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    [480_000, "8 min"],
    [12_000, "12 s"],
    [9_000_000, "2 h 30 min"],
    [400, "400 ms"],
    [Infinity, "never"],
    [5 * 86_400_000, "5 d"],
  ])("%d ms reads %s", (ms, expected) => {
    expect(describeDuration(ms)).toBe(expected);
  });
});
