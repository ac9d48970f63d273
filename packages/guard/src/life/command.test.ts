import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verb } from "./command.ts";
import { bad, buildPlan, Scene } from "./scene.ts";
import { transitions } from "./transitions.ts";
import type { LifeEvent, Status } from "./transitions.ts";

const harm = { exposed: [100, 900], outcomes: { error: bad(20, 9) } } as const;
const verbs: readonly Verb[] = ["start", "pause", "resume", "approve", "abort", "dial-down"];

describe("a command", () => {
  it("given twice changes nothing the second time", () => {
    for (const verb of ["start", "pause", "abort"] as const) {
      const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").tell(verb);
      const before = scene.state;
      const again = scene.ask(verb);
      expect(again).toMatchObject({ ok: true, actions: [] });
      if (!again.ok) throw new Error(again.problem);
      expect(again.state).toEqual(before);
    }
  });

  it("is refused by what the table says, with words", () => {
    for (const status of Object.keys(transitions) as Status[])
      for (const verb of verbs) {
        const scene = new Scene(buildPlan({ stages: "1%,10%,100%" })).reach("10pct");
        scene.state = { ...scene.state, status };
        const answer = scene.ask(verb, { scopes: ["write", "admin"] });
        const refused = transitions[status][verb] === "refused";
        const problem = answer.ok ? undefined : answer.problem;
        expect([answer.ok, problem]).toEqual(
          refused ? [false, `${verb} is not possible while the rollout is ${status}.`] : [true, undefined],
        );
      }
  });

  it("to abort a plan nobody has seen touches no flag", () => {
    expect(new Scene().ask("abort")).toMatchObject({
      ok: true,
      actions: [],
      state: { status: "rolled-back" },
    });
  });

  it("to abort a running rollout gives everybody control", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" }))
      .reach("10pct")
      .tell("abort", { reason: "bad copy" });
    expect([scene.state.status, scene.last.actions[0]]).toEqual([
      "rolled-back",
      { kind: "kill", reason: "dark-mode rolled back, abort by ann: bad copy" },
    ]);
  });

  it("to abort for a part of the users renders the same stage without them, and so does every later stage", () => {
    const part = {
      segment: "internal",
      semver: { attribute: "appVersion", operator: "<", version: "2.3.1" },
    };
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct").tell("abort", { part });
    expect(scene.last.actions).toMatchObject([
      { kind: "render", stage: 0, reason: expect.stringContaining("appVersion < 2.3.1") },
    ]);
    expect([scene.state.status, scene.state.partialKills]).toEqual(["running", [part]]);
    expect(scene.reach("100pct").state.partialKills).toEqual([part]);
  });

  it("to dial down goes to an earlier stage only, and the time there starts anew", () => {
    const scene = new Scene(buildPlan({ stages: "1%,10%,50%,100%" })).reach("50pct");
    expect(scene.ask("dial-down", { stage: "50%" })).toMatchObject({ ok: false });
    expect(scene.ask("dial-down", { stage: "77%" })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("1pct, 10pct"),
    });
    scene.tell("dial-down", { stage: "1%" });
    expect([scene.stage, scene.state.run, scene.state.elapsedMs]).toEqual(["1pct", 0, 0]);
  });

  it("to resume after a pause goes on in the same stage with the same evidence", () => {
    const scene = new Scene(buildPlan({ stages: "10%,100%" })).reach("10pct");
    scene.see({ exposed: [100, 900], outcomes: { error: bad(3, 9) } }).look();
    const { largest } = scene.state;
    scene.tell("pause").look().tell("resume").look();
    expect([scene.stage, scene.state.run, scene.state.largest]).toEqual(["10pct", 0, largest]);
  });
});

describe("resuming after a kill", () => {
  const killed = (): Scene =>
    new Scene(buildPlan({ stages: "1%,10%,50%,100%" })).reach("10pct").see(harm).look();

  it("starts an earlier stage as a new run, whose reports are told apart from the old ones", () => {
    const scene = killed();
    expect(scene.state.status).toBe("killed");
    scene.tell("resume");
    expect([scene.state.status, scene.stage, scene.state.run, scene.state.breach]).toEqual([
      "running",
      "1pct.r2",
      1,
      undefined,
    ]);
    expect(scene.state.largest).toEqual({});
  });

  it("is refused at the stage that was killed or a later one", () => {
    expect(killed().ask("resume", { stage: "10%" })).toMatchObject({ ok: false });
    expect(killed().ask("resume", { stage: "50%" })).toMatchObject({ ok: false });
    expect(killed().ask("resume", { stage: "1%" })).toMatchObject({ ok: true });
  });

  it("needs more evidence each time, because only the alpha that is left may be spent", () => {
    const scene = killed();
    const first = scene.state.breach?.threshold ?? 0;
    scene.tell("resume").see(harm).look();
    expect(scene.state.breach?.threshold ?? 0).toBeGreaterThan(first + 1);
    expect(scene.state.status).toBe("killed");
  });
});

describe("the transition table", () => {
  const events = Object.keys(transitions.draft) as LifeEvent[];

  it("refuses a kill nowhere somebody may be treated", () => {
    for (const status of ["ready", "running", "holding", "awaiting-approval", "paused", "killed"] as const)
      expect(transitions[status].kill).toBe("killed");
  });

  it("leads out of killed only by a human's resume or abort", () => {
    const exits = events.filter((event) => !["killed", "refused"].includes(transitions.killed[event]));
    expect(exits).toEqual(["resume", "abort"]);
  });

  it("leads out of completed and rolled-back nowhere", () => {
    for (const status of ["completed", "rolled-back"] as const)
      expect(new Set(events.map((event) => transitions[status][event]))).toEqual(
        new Set([status, "refused"]),
      );
  });
});

describe("whatever people do and whatever is seen", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("tell" as const),
      verb: fc.constantFrom(...verbs),
      scopes: fc.constantFrom(["write"], ["admin"], ["kill"]),
    }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: -3_600_000, max: 7_200_000 }) }),
    fc.record({
      kind: fc.constant("see" as const),
      treatment: fc.integer({ min: 0, max: 30 }),
      control: fc.integer({ min: 0, max: 30 }),
      exposed: fc.constantFrom<[number, number][]>([0, 0], [10, 90], [400, 3600]),
    }),
  );

  it("a stage advances by one, only after its time, its approval and data; a kill stays until a human resumes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const scene = new Scene(
          buildPlan({
            stages: [
              { percent: 1, hold: "5m" },
              { percent: 10, hold: { min: "5m", approval: "write" } },
              { percent: 100, hold: "5m" },
            ],
          }),
        );
        scene.tell("start").look();
        for (const entry of steps) {
          const before = scene.state;
          if (entry.kind === "tell" && scene.ask(entry.verb, { scopes: entry.scopes }).ok)
            scene.tell(entry.verb, { scopes: entry.scopes });
          const revived = before.status === "killed" && scene.state.status === "running";
          expect(revived && !(entry.kind === "tell" && entry.verb === "resume")).toBe(false);
          if (entry.kind === "see")
            scene.see({ exposed: entry.exposed, outcomes: { error: bad(entry.treatment, entry.control) } });
          if (entry.kind === "pass") scene.nowMs += entry.ms;
          if (entry.kind !== "tell") scene.look();
          const { status, stage } = scene.state;
          expect(entry.kind !== "tell" && before.status === "killed" && status !== "killed").toBe(false);
          const advanced = stage > before.stage;
          expect({
            skipped: stage > before.stage + 1,
            early: advanced && before.stage >= 0 && before.elapsedMs + 60_000 < 300_000,
            unapproved: advanced && before.stage === 1 && !before.approved,
          }).toEqual({ skipped: false, early: false, unapproved: false });
        }
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
