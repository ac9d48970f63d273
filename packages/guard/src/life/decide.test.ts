import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { bad, buildPlan, monday, Scene } from "./scene.ts";
import { isJudged, transitions } from "./transitions.ts";
import type { Status } from "./transitions.ts";

const harm = { exposed: [100, 900], outcomes: { error: bad(20, 9) } } as const;
const minutes = (count: number): number => count * 60_000;

describe("a healthy rollout", () => {
  it("goes through every stage in order and completes", () => {
    const scene = new Scene();
    const stages: string[] = [];
    scene.tell("start").look();
    for (let look = 0; look < 200 && scene.state.status !== "completed"; look += 1) {
      if (stages.at(-1) !== scene.stage) stages.push(scene.stage);
      scene.see({}).pass(30_000);
    }
    expect(stages).toEqual(["internal", "1pct", "10pct", "50pct", "100pct"]);
    expect(scene.state.status).toBe("completed");
  });

  it("waits for the minimum time, then for the minimum units", () => {
    const scene = new Scene(
      buildPlan({ stages: [{ percent: 10, hold: { min: "10m", units: 500 } }, { percent: 100 }] }),
    );
    scene
      .reach("10pct")
      .see({ exposed: [10, 90] })
      .pass(minutes(9));
    expect(scene.codes).toContain("min-time");
    scene.pass(minutes(5));
    expect(scene.codes).toEqual(["min-units"]);
    scene.see({ exposed: [50, 450] }).pass(30_000);
    expect(scene.stage).toBe("100pct");
  });

  it("does not start a stage in a freeze, and starts it when the freeze is over", () => {
    const scene = new Scene(
      buildPlan({ stages: "10%,100%", freeze: ["Mon 09:00 - Mon 14:00 Europe/Berlin"] }),
    );
    scene.nowMs = Date.parse("2026-11-23T07:50:00Z");
    scene.reach("10pct");
    scene.see({}).pass(minutes(11));
    expect([scene.state.status, scene.codes, scene.stage]).toEqual(["holding", ["freeze"], "10pct"]);
    scene.pass(Date.parse("2026-11-23T13:01:00Z") - scene.nowMs);
    expect(scene.stage).toBe("100pct");
  });

  it("starts neither before its own time nor a stage before that stage's", () => {
    const scene = new Scene(
      buildPlan({
        stages: [{ percent: 10 }, { percent: 100, notBefore: "2026-11-23T12:00:00Z" }],
        startAt: "2026-11-23T11:00:00Z",
      }),
    );
    scene.tell("start").pass(minutes(59));
    expect([scene.state.status, scene.codes]).toEqual(["ready", ["schedule"]]);
    scene.pass(minutes(2));
    expect(scene.stage).toBe("10pct");
    scene.see({}).pass(minutes(30));
    expect([scene.state.status, scene.codes]).toEqual(["holding", ["schedule"]]);
    scene.pass(minutes(40));
    expect(scene.stage).toBe("100pct");
  });

  it("learns what slow is from control at 0 % before anybody is treated", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%", guardrails: [{ outcome: "slow" }] }));
    scene.tell("start").look();
    expect(scene.last.actions).toMatchObject([{ kind: "render", stage: -1 }]);
    scene.see(
      {
        exposed: [0, 1000],
        outcomes: {
          ...Object.fromEntries([25, 40, 63, 100].map((bound) => [`slow:${bound}`, bad(0, 900)])),
          "slow:160": bad(0, 300),
          "slow:250": bad(0, 100),
          "slow:400": bad(0, 40),
          "slow:630": bad(0, 10),
        },
      },
      "ready",
    );
    scene.pass(minutes(1));
    expect([scene.state.status, scene.codes]).toEqual(["ready", ["learning"]]);
    scene.pass(minutes(2));
    expect([scene.stage, scene.state.slowMs]).toEqual(["10pct", [250, 630]]);
  });

  it("stays ready while too few users were seen to learn from", () => {
    const scene = new Scene(buildPlan({ stages: "10%", guardrails: [{ outcome: "slow" }] }));
    scene
      .tell("start")
      .look()
      .see({ exposed: [0, 40] }, "ready")
      .pass(minutes(10));
    expect([scene.state.status, scene.codes]).toEqual(["ready", ["no-data"]]);
  });
});

describe("a breach", () => {
  const live: readonly Status[] = ["running", "holding", "awaiting-approval", "paused"];
  it.each(live)("kills while %s", (status) => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see(harm);
    scene.state = { ...scene.state, status };
    scene.look();
    expect([scene.state.status, scene.last.actions.map((action) => action.kind)]).toEqual([
      "killed",
      ["notify", "kill"],
    ]);
    expect(scene.last.reasons[0]?.text).toContain("20 of 29 users with errors were treated, 2.9 expected");
  });

  it("is looked for wherever somebody can be treated, and nowhere else", () => {
    expect(Object.keys(transitions).filter((status) => isJudged(status as Status))).toEqual([
      "ready",
      "running",
      "holding",
      "awaiting-approval",
      "paused",
    ]);
  });

  it("overtakes a stage that is being published", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see(harm);
    const state = { ...scene.state, pending: { kind: "render", stage: 1, reason: "advance" } } as const;
    expect(decide(scene.plan, state, scene.observations, scene.nowMs + 1000).state.pending).toMatchObject({
      kind: "kill",
    });
  });

  it("needs three treated units however surprising two are", () => {
    const scene = new Scene(buildPlan({ stages: "1%,100%" }))
      .reach("1pct")
      .see({ exposed: [10, 990], outcomes: { error: bad(2, 0) } });
    expect(scene.look().state.status).toBe("running");
    scene.see({ exposed: [10, 990], outcomes: { error: bad(3, 0) } });
    expect(scene.look().state.status).toBe("killed");
  });

  it("is latched: better numbers later bring nothing back", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see(harm).look();
    scene.see({ exposed: [100, 900], outcomes: { error: bad(20, 900) } }).pass(minutes(30));
    expect(scene.state.status).toBe("killed");
  });

  it("of an incident that hits both arms alike is none", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct");
    scene.see({ exposed: [100, 900], outcomes: { error: bad(60, 540) } }).look();
    expect(scene.state.status).toBe("running");
  });

  it("of a limit kills in a segment stage, where nothing can be compared", () => {
    const plan = buildPlan({ guardrails: [{ outcome: "error" }, { outcome: "error", limit: "20%" }] });
    const scene = new Scene(plan).tell("start").look();
    scene.see({ exposed: [19, 500], outcomes: { error: bad(19, 5) } }).look();
    expect(scene.state.status).toBe("running");
    scene.see({ exposed: [25, 500], outcomes: { error: bad(24, 5) } }).look();
    expect([scene.state.status, scene.state.breach?.guardrail]).toEqual(["killed", "limit:error"]);
  });

  it("of a limit also comes from control: a treatment can take down what both arms share", () => {
    const scene = new Scene(
      buildPlan({ stages: "10%,100%", guardrails: [{ outcome: "error", limit: "20%" }] }),
    ).reach("10pct");
    scene.see({ exposed: [20, 180], outcomes: { error: bad(8, 90) } }).look();
    expect(scene.last.reasons[0]?.text).toContain("control users had errors");
  });

  it("of slow requests averages the evidence of all bounds", () => {
    const plan = buildPlan({ stages: "10%,100%", guardrails: [{ outcome: "slow", overMs: [250, 900] }] });
    const scene = new Scene(plan).reach("10pct");
    scene.see({ exposed: [100, 900], outcomes: { "slow:250": bad(10, 90), "slow:900": bad(9, 4) } }).look();
    expect([scene.state.status, scene.state.breach?.text]).toEqual([
      "killed",
      expect.stringContaining("requests over 900 ms"),
    ]);
  });

  it.each([
    ["dial-down", "paused", "1pct.r2", "render"],
    ["pause", "paused", "10pct", undefined],
    ["alert", "running", "10pct", undefined],
  ] as const)("with onBreach %s leads to %s at %s", (onBreach, status, stage, action) => {
    const scene = new Scene(buildPlan({ stages: "1%,10%,100%", onBreach })).reach("10pct").see(harm).look();
    expect([
      scene.state.status,
      scene.stage,
      scene.last.actions.find((entry) => entry.kind !== "notify")?.kind,
    ]).toEqual([status, stage, action]);
    scene.look();
    expect(scene.last.actions).toEqual([]);
  });

  it("in the first stage is a kill even with onBreach dial-down", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%", onBreach: "dial-down" }))
      .reach("10pct")
      .see(harm)
      .look();
    expect(scene.state.status).toBe("killed");
  });
});

describe("holding", () => {
  it("is what no traffic leads to: the stage neither advances nor rolls back", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").pass(minutes(120));
    expect([scene.state.status, scene.codes, scene.stage]).toEqual(["holding", ["no-data"], "10pct"]);
  });

  it("is what one silent arm leads to", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" }))
      .reach("10pct")
      .see({ exposed: [0, 500] })
      .pass(minutes(20));
    expect(scene.last.reasons[0]?.text).toContain("no exposures of treatment");
  });

  it("is what telemetry that has gone silent leads to", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%", noDataAfter: "5m" })).reach("10pct").see({});
    scene.more = { lastExposureMs: scene.nowMs };
    scene.pass(minutes(15));
    expect([scene.state.status, scene.codes]).toEqual(["holding", ["no-data"]]);
  });

  it("is what a broken sample ratio leads to, until a human accepts it", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see({ exposed: [20, 900] });
    scene.more = { sampleRatio: [{ share: 0.1, treatment: 20, control: 900 }] };
    scene.look();
    expect([scene.state.status, scene.codes]).toEqual(["holding", expect.arrayContaining(["sample-ratio"])]);
    scene.more = {};
    scene.look();
    expect(scene.state.status).toBe("holding");
    scene.tell("resume").pass(30_000);
    expect(scene.state.status).toBe("running");
  });

  it("does not keep a breach from killing when the sample ratio is broken too, if it survives the split that was seen", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct");
    scene.more = { sampleRatio: [{ share: 0.1, treatment: 20, control: 900 }] };
    expect(scene.see({ exposed: [20, 900], outcomes: { error: bad(20, 3) } }).look().state.status).toBe(
      "killed",
    );
  });

  it("comes before a kill where surplus treated units alone explain the bad ones", () => {
    const scene = new Scene(buildPlan({ stages: "1%,100%" })).reach("1pct");
    scene.more = { sampleRatio: [{ share: 0.01, treatment: 30, control: 970 }] };
    scene.see({ exposed: [30, 970], outcomes: { error: bad(6, 194) } }).look();
    expect([scene.state.status, scene.codes]).toEqual(["holding", expect.arrayContaining(["sample-ratio"])]);
  });

  it.each([
    ["query", { queries: { "query:up": { value: 9, failures: 0, baseline: 1 } } }, "query"],
    ["blind query", { queries: { "query:up": { failures: 4, problem: "refused" } } }, "blind"],
    ["alert", { firing: ["CheckoutSlo"], queries: { "query:up": { value: 1, failures: 0 } } }, "alert"],
  ])("is what a %s leads to, and it never kills", (_, more, code) => {
    const fresh = new Scene(
      buildPlan({ stages: "10%,100%", guardrails: [{ query: "up" }, { alert: "CheckoutSlo" }] }),
    );
    fresh.tell("start").look().see({});
    fresh.more = more;
    fresh.pass(minutes(60));
    expect([fresh.state.status, fresh.stage]).toEqual(["holding", "10pct"]);
    expect(fresh.codes).toContain(code);
  });

  it("is all that reports nobody vouches for can do, however many", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct");
    scene.see({ outcomes: { error: bad(0, 0, { treatment: 40_000, control: 0 }) } }).pass(minutes(60));
    expect([scene.state.status, scene.codes, scene.stage]).toEqual(["holding", ["signal"], "10pct"]);
  });
});

describe("approval", () => {
  const plan = buildPlan({
    stages: [{ percent: 10, hold: { min: "10m", approval: "admin" } }, { percent: 50 }, { percent: 100 }],
  });

  it("is the last gate: it is asked for only when everything else is in order", () => {
    const scene = new Scene(plan).reach("10pct").pass(minutes(20));
    expect([scene.state.status, scene.codes]).toEqual(["holding", ["no-data"]]);
    scene.see({}).pass(30_000);
    expect([scene.state.status, scene.codes]).toEqual(["awaiting-approval", ["approval"]]);
  });

  it("is never skipped by a stage that is overdue, by a clock that jumped ahead, or by both", () => {
    const scene = new Scene(plan).reach("10pct").see({});
    scene.nowMs += 7 * 86_400_000;
    scene.more = { lastExposureMs: scene.nowMs };
    scene.look();
    expect(scene.stage).toBe("10pct");
    scene.more = {};
    scene.pass(minutes(600));
    expect([scene.state.status, scene.stage]).toEqual(["awaiting-approval", "10pct"]);
    scene.tell("approve", { scopes: ["admin"] }).pass(1000);
    expect(scene.stage).toBe("50pct");
  });

  it("counts for its own stage only", () => {
    const twice = buildPlan({
      stages: [
        { percent: 10, hold: { approval: "required" } },
        { percent: 50, hold: { approval: "required" } },
        { percent: 100 },
      ],
    });
    const scene = new Scene(twice).tell("start").look().see({}).pass(minutes(11));
    scene.tell("approve").pass(30_000).see({}).pass(minutes(11));
    expect([scene.stage, scene.state.status]).toEqual(["50pct", "awaiting-approval"]);
  });

  it("needs the scope the plan asks for, and is refused before it is asked for", () => {
    const scene = new Scene(plan).reach("10pct").see({});
    expect(scene.ask("approve")).toMatchObject({ ok: false });
    scene.pass(minutes(11));
    expect(scene.ask("approve", { scopes: ["write"] })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("admin"),
    });
    expect(scene.ask("approve", { scopes: ["kill"] })).toMatchObject({ ok: false });
    expect(scene.ask("approve")).toMatchObject({ ok: false });
  });
});

describe("the clock", () => {
  it("that jumps ahead gives at most a minute of watched time", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see({});
    const before = scene.state.elapsedMs;
    scene.nowMs += 86_400_000;
    scene.look();
    expect(scene.state.elapsedMs - before).toBeLessThanOrEqual(60_000);
    expect(scene.stage).toBe("10pct");
  });

  it("that jumps back takes nothing away and stops nothing", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see({}).pass(minutes(5));
    scene.nowMs -= 3_600_000;
    scene.look();
    expect(scene.state.elapsedMs).toBe(minutes(5));
    scene.pass(minutes(6));
    expect(scene.stage).toBe("100pct");
  });

  it("does not run while the rollout is paused", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" }))
      .reach("10pct")
      .see({})
      .tell("pause")
      .pass(minutes(60));
    expect([scene.state.status, scene.state.elapsedMs]).toEqual(["paused", 0]);
    scene.tell("resume").pass(30_000);
    expect([scene.state.status, scene.stage]).toEqual(["running", "10pct"]);
  });
});

describe("deciding", () => {
  it("is a function of its arguments: the same inputs give the same decision", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").see(harm);
    const frozen = JSON.stringify([scene.state, scene.observations]);
    const first = decide(scene.plan, scene.state, scene.observations, monday + 1e6);
    const again = decide(
      scene.plan,
      JSON.parse(JSON.stringify(scene.state)),
      JSON.parse(JSON.stringify(scene.observations)),
      monday + 1e6,
    );
    expect(again).toEqual(first);
    expect(JSON.stringify([scene.state, scene.observations])).toBe(frozen);
  });
});
