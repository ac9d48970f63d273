import { createKey } from "@flagspan/control";
import { createGuard, decide } from "@flagspan/guard";
import type { Observations, Plan, RolloutState, RolloutView } from "@flagspan/guard";
import type { FlagDefinition } from "@flagspan/ruleset";
import { renderRollout } from "@flagspan/ruleset/rollout";
import { afterEach, describe, expect, it } from "vitest";
import { exposures, failure, units } from "./events.ts";
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

const believed = { scopes: ["telemetry"] };
const harm = (id: string, stage = "10pct") => [
  exposures(id, stage, "treatment", units("t", 20)),
  exposures(id, stage, "control", units("c", 180)),
  ...units("t", 10).map((unit) => failure(id, stage, "treatment", unit)),
  failure(id, stage, "control", "c1"),
];

/** Follows the set's stream as a provider does; `stop` answers each revision with the stage its dark-mode is in. */
async function followStages(house: House, after: number): Promise<{ stop(): Promise<readonly string[]> }> {
  const { url } = await house.control.listen({ port: 0 });
  const { token } = await createKey(house.store, {
    name: "app",
    scopes: ["sync"],
    sets: ["*"],
    actorType: "api",
  });
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/rulesets/shop.prod/stream`, {
    headers: { authorization: `Bearer ${token}`, "last-event-id": String(after) },
    signal: abort.signal,
  });
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  })().catch(() => undefined);
  return {
    async stop() {
      const head = Number((await house.client.getFlag("shop.prod", "dark-mode")).revision);
      await expect.poll(() => text).toContain(`id: ${head}\n`);
      abort.abort();
      await reading;
      return [...text.matchAll(/^data: (.+)$/gm)].map(([, data = "{}"]) => {
        const patch = JSON.parse(data) as { to: string; flags: Record<string, FlagDefinition> };
        return `${patch.to} ${String(patch.flags["dark-mode"]?.metadata?.["rollout"])}`;
      });
    },
  };
}

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
    house.guard.observe(harm(id), believed);
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

  it("tells in the change who started it and why, and who decided the kill on what evidence", async () => {
    const house = await open();
    const created = await house.send<{ rollout: RolloutView }>(["write"], "POST", "/v1/rollouts", {
      ...plan,
      start: true,
      reason: "a tenth may see it",
    });
    const { id } = created.body.rollout;
    await house.pass(1);
    house.guard.observe(harm(id), believed);
    await house.pass(2);
    const { body } = await house.send<{
      changes: { reason: string; action: string; actor: { type: string } }[];
    }>(["admin"], "GET", "/v1/changes?set=shop.prod&flag=dark-mode");
    const changes = body.changes.map(
      (entry) => ("change" in entry ? entry.change : entry) as (typeof body.changes)[number],
    );
    expect(changes.slice(1).map(({ action, reason }) => [action, reason])).toEqual([
      ["rollout", "dark-mode starts at 10pct, start by write: a tenth may see it"],
      [
        "killed",
        expect.stringMatching(
          /^error breached in 10pct: 10 of 11 users with errors were treated, 1\.1 expected/,
        ),
      ],
    ]);
  });

  it("is started once however often start is sent, and a second rollout of the flag is refused", async () => {
    const house = await open();
    const id = await start(house);
    const again = await house.send<{ rollout: RolloutView }>(
      ["write"],
      "POST",
      `/v1/rollouts/${id}/start`,
      {},
    );
    await house.pass(2);
    expect([again.status, again.body.rollout.status]).toEqual([200, "running"]);
    const changes = await house.send<{ changes: unknown[] }>(
      ["admin"],
      "GET",
      "/v1/changes?set=shop.prod&flag=dark-mode",
    );
    expect(changes.body.changes.length).toBe(2);
    expect(await house.send(["write"], "POST", "/v1/rollouts", plan)).toMatchObject({ status: 409 });
  });

  it("resumes after a kill at an earlier stage, with the salt it had and so for the same users", async () => {
    const house = await open();
    const id = await start(house, {
      ...plan,
      stages: [{ percent: 1, hold: "5s" }, { percent: 10, hold: "15m" }, { percent: 100 }],
    });
    house.guard.observe(
      [exposures(id, "1pct", "treatment", ["t1"]), exposures(id, "1pct", "control", ["c1"])],
      believed,
    );
    await house.pass(10);
    const before = await house.client.getFlag("shop.prod", "dark-mode");
    expect(before.flag.metadata?.["rollout"]).toBe(`${id}/10pct`);
    house.guard.observe(harm(id), believed);
    await house.pass(2);
    expect((await house.rollout(id)).status).toBe("killed");
    expect(
      await house.send(["write"], "POST", `/v1/rollouts/${id}/resume`, { reason: "fixed" }),
    ).toMatchObject({ status: 200 });
    await house.pass(2);
    const { flag, killed } = await house.client.getFlag("shop.prod", "dark-mode");
    expect([killed, flag.metadata?.["rollout"]]).toEqual([false, `${id}/1pct.r2`]);
    expect(JSON.stringify(flag.targeting)).toContain(`"${id}"`);
    // What was reported before the kill does not count against the new run.
    house.guard.observe(harm(id), believed);
    await house.pass(2);
    expect((await house.rollout(id)).breach).toBeNull();
  });

  it("resumes in one write: nobody who follows the stream sees the treatment of before for a moment", async () => {
    const house = await open();
    const id = await start(house, {
      ...plan,
      stages: [{ percent: 10, hold: "5s" }, { percent: 50, hold: "15m" }, { percent: 100 }],
    });
    const visit = (stage: string) => [
      exposures(id, stage, "treatment", units(`${stage}-t`, 9)),
      exposures(id, stage, "control", units(`${stage}-c`, stage === "10pct" ? 81 : 9)),
    ];
    house.guard.observe(visit("10pct"), believed);
    await house.pass(8);
    house.guard.observe(visit("50pct"), believed);
    house.guard.observe(
      units("50pct-t", 40).map((unit) => failure(id, "50pct", "treatment", unit)),
      believed,
    );
    await house.pass(2);
    expect(await house.rollout(id)).toMatchObject({ status: "killed", stage: "50pct" });
    const killedAt = Number((await house.client.getFlag("shop.prod", "dark-mode")).revision);
    const seen = await followStages(house, killedAt);
    await house.send(["write"], "POST", `/v1/rollouts/${id}/resume`, { reason: "fixed", stage: "10pct" });
    await house.pass(2);
    expect(await seen.stop()).toEqual([`${killedAt + 1} ${id}/10pct.r2`]);
  });

  it.each([
    ["as it stands killed", false],
    ["after somebody restored it", true],
  ])("that was aborted leaves the flag free for the next one, %s", async (_, isRestored) => {
    const house = await open();
    const before = await house.client.getFlag("shop.prod", "dark-mode");
    const first = await start(house);
    await house.send(["write"], "POST", `/v1/rollouts/${first}/abort`, { reason: "not today" });
    await house.pass(2);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
    if (isRestored)
      await house.send(["write"], "POST", "/v1/flags/shop.prod/dark-mode/restore", { reason: "again" });
    const second = await start(house, { ...plan, stages: [{ percent: 50, hold: "5s" }] });
    const { flag, killed } = await house.client.getFlag("shop.prod", "dark-mode");
    expect([killed, flag.metadata?.["rollout"]]).toEqual([false, `${second}/50pct`]);
    expect(JSON.stringify(flag.targeting)).not.toContain(first);
    await house.send(["write"], "POST", `/v1/rollouts/${second}/abort`, { reason: "not today either" });
    await house.pass(2);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).flag.defaultVariant).toBe(
      before.flag.defaultVariant,
    );
  });

  it("is paused, not fought over, when somebody else takes the flag away", async () => {
    const house = await open();
    const id = await start(house, { ...plan, stages: [{ percent: 10, hold: "5s" }, { percent: 100 }] });
    await house.send(["kill"], "POST", "/v1/flags/shop.prod/dark-mode/kill", { reason: "I do not like it" });
    house.guard.observe(
      [exposures(id, "10pct", "treatment", ["t1"]), exposures(id, "10pct", "control", ["c1"])],
      believed,
    );
    await house.pass(10);
    const view = await house.rollout(id);
    expect([view.status, view.obstacle]).toEqual([
      "paused",
      expect.stringContaining("somebody changed or killed it"),
    ]);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
  });

  it("switches off one part of the users and keeps them off in later stages", async () => {
    const house = await open();
    const id = await start(house, {
      ...plan,
      stages: [{ percent: 10, hold: "5s" }, { percent: 50, hold: "15m" }, { percent: 100 }],
    });
    const part = { semver: { attribute: "appVersion", operator: "<", version: "2.3.1" } };
    expect(await house.send(["kill"], "POST", `/v1/rollouts/${id}/abort`, part)).toMatchObject({
      status: 200,
    });
    house.guard.observe(
      [exposures(id, "10pct", "treatment", ["t1"]), exposures(id, "10pct", "control", ["c1"])],
      believed,
    );
    await house.pass(10);
    const { flag } = await house.client.getFlag("shop.prod", "dark-mode");
    expect(flag.metadata?.["rollout"]).toBe(`${id}/50pct`);
    expect(JSON.stringify(flag.targeting)).toContain("2.3.1");
  });

  it("ends as everybody's variant, no longer watched, with a report of every stage", async () => {
    const house = await open();
    const id = await start(house, { ...plan, stages: [{ percent: 50, hold: "5s" }] });
    house.guard.observe(
      [exposures(id, "50pct", "treatment", units("t", 9)), exposures(id, "50pct", "control", units("c", 11))],
      believed,
    );
    await house.pass(10);
    const view = await house.rollout(id);
    expect([view.status, view.stages[0]?.exposed]).toEqual(["completed", { treatment: 9, control: 11 }]);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).flag.metadata?.["rollout"]).toBeUndefined();
    expect(await house.send(["write"], "POST", "/v1/rollouts", plan)).not.toMatchObject({ status: 409 });
  });

  it("stores each decision with its inputs, so that deciding again gives the same", async () => {
    const house = await open();
    const id = await start(house);
    house.guard.observe(harm(id), believed);
    await house.pass(3);
    const [stored] = await house.store.documents.list(`rollout:${id}`);
    if (stored === undefined) throw new Error("the rollout is not stored");
    const { plan: kept } = stored.body as { plan: Plan };
    const log = await house.store.documents.read("rollout-decisions", id, 0, 100);
    const ticks = log
      .map(
        (entry) =>
          entry.body as {
            cause: string;
            atMs: number;
            before: RolloutState;
            observations: Observations;
            after: RolloutState;
          },
      )
      .filter((entry) => entry.cause === "tick");
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    for (const entry of ticks)
      expect(decide(kept, entry.before, entry.observations, entry.atMs).state).toEqual(entry.after);
  });

  it("in a dry run of its own judges the flag as somebody else set it, tells that it would kill, and touches nothing", async () => {
    const house = await open();
    const { flag } = await house.client.getFlag("shop.prod", "dark-mode");
    const byHand = renderRollout(flag, {
      rolloutId: "by-hand",
      stage: "half",
      treatment: "on",
      control: "off",
      salt: "by-hand",
      segments: [],
      percent: 50,
    });
    if (!byHand.ok) throw new Error("the flag can be rendered");
    const { revision } = await house.client.putFlag("shop.prod", "dark-mode", byHand.flag, "by hand");
    const id = await start(house, { ...plan, dryRun: true });
    await house.pass(2);
    const visit = [
      exposures("by-hand", "half", "treatment", units("t", 40)),
      exposures("by-hand", "half", "control", units("c", 40)),
    ];
    house.guard.observe(visit, believed);
    await house.pass(5);
    expect((await house.rollout(id)).breach).toBeNull();
    house.guard.observe(
      units("t", 30).map((unit) => failure("by-hand", "half", "treatment", unit)),
      believed,
    );
    await house.pass(2);
    const view = await house.rollout(id);
    expect([view.plan.dryRun, view.breach?.guardrail]).toEqual([true, "error"]);
    expect(JSON.stringify(view.timeline)).toContain(
      "dry run, nothing is done; it would kill: error breached",
    );
    expect(house.notices.find(({ topic }) => topic === "breach")?.message).toMatch(
      /^dry run, nothing is done/,
    );
    expect(house.notices.map(({ topic }) => topic)).not.toContain("killed");
    expect(await house.client.getFlag("shop.prod", "dark-mode")).toMatchObject({ revision, killed: false });
  });

  it("in a dry run of a flag nobody watches holds for want of data, and touches nothing", async () => {
    const house = await open();
    const before = await house.client.getFlag("shop.prod", "dark-mode");
    const id = await start(house, {
      ...plan,
      stages: [{ percent: 10, hold: "5s" }, { percent: 100 }],
      dryRun: true,
    });
    await house.pass(10);
    const view = await house.rollout(id);
    expect([view.status, view.reasons[0]]).toEqual(["holding", expect.stringMatching(/^no exposures/)]);
    expect(await house.client.getFlag("shop.prod", "dark-mode")).toEqual(before);
  });

  it("in a dry run decides and tells, and touches nothing", async () => {
    const house = await open();
    const before = await house.client.getFlag("shop.prod", "dark-mode");
    const id = await start(house, { ...plan, dryRun: true });
    house.guard.observe(harm(id), believed);
    await house.pass(3);
    expect((await house.rollout(id)).status).toBe("killed");
    expect((await house.client.getFlag("shop.prod", "dark-mode")).flag).toEqual(before.flag);
  });
});

describe("what cannot be guarded", () => {
  it.each([
    ["a query without a Prometheus", { ...plan, guardrails: [{ query: "up" }] }, "needs a Prometheus"],
    ["an outcome nobody measures", { ...plan, guardrails: [{ outcome: "crash" }] }, "is not measured"],
    ["a variant that does not exist", { ...plan, treatment: "blue" }, "has no variant blue; it has on, off"],
    ["a flag that does not exist", { ...plan, flag: "nope" }, "has no flag nope"],
    ["a disabled flag", { ...plan, flag: "broken" }, "DISABLED"],
  ])("is refused at the start: %s", async (_, document, problem) => {
    const house = await open();
    const answer = await house.send<{ title?: string; detail?: string }>(
      ["write"],
      "POST",
      "/v1/rollouts",
      document,
    );
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(problem);
  });

  it("is refused at the start: a metric Prometheus does not know", async () => {
    const house = await open({ prometheus: { query: async () => ({ ok: true, value: undefined }) } });
    const answer = await house.send(["write"], "POST", "/v1/rollouts", {
      ...plan,
      guardrails: [{ query: "no_such_total" }],
    });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain("no_such_total has no data; is the metric's name right?");
  });
});

describe("who may do what", () => {
  it("a flood of forged outcomes with a browser's key holds a rollout and kills nothing", async () => {
    const house = await open();
    const id = await start(house);
    for (let batch = 0; batch < 20; batch += 1)
      house.guard.observe(
        units(`forged${batch}-`, 500).map((unit) => failure(id, "10pct", "treatment", unit)),
        { scopes: ["evaluate"] },
      );
    await house.pass(5);
    const view = await house.rollout(id);
    expect([view.status, view.breach]).toEqual(["holding", null]);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(false);
  });

  it("outcomes whose unit or source came from outside hold and never kill, even with a trusted key", async () => {
    const house = await open();
    const id = await start(house);
    house.guard.observe(
      units("x", 300).flatMap((unit) => [
        failure(id, "10pct", "treatment", unit, { "feature_flag.outcome.source": "browser" }),
        failure(id, "10pct", "treatment", undefined),
      ]),
      believed,
    );
    await house.pass(5);
    expect((await house.rollout(id)).status).toBe("holding");
  });

  it("a key with only the kill scope can brake everything and enable nothing", async () => {
    const house = await open();
    const id = await start(house);
    for (const verb of ["start", "resume", "approve"])
      expect(await house.send(["kill"], "POST", `/v1/rollouts/${id}/${verb}`, {})).toMatchObject({
        status: 403,
      });
    expect(await house.send(["kill"], "POST", "/v1/rollouts", plan)).toMatchObject({ status: 403 });
    expect(await house.send(["kill"], "POST", `/v1/rollouts/${id}/pause`, {})).toMatchObject({ status: 200 });
    expect(await house.send(["kill"], "POST", `/v1/rollouts/${id}/abort`, {})).toMatchObject({ status: 200 });
    await house.pass(1);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
  });
});

describe("several processes", () => {
  it("share one decider; when it dies another takes over with every unit, within the lease", async () => {
    const first = await open();
    const second = await open({ store: first.store, owner: "guard-b", nowMs: first.nowMs });
    const id = await start(first);
    await second.guard.tick();
    // Half of the reports reach the other process; alone neither half is enough.
    first.guard.observe(
      [
        exposures(id, "10pct", "treatment", units("t", 20)),
        exposures(id, "10pct", "control", units("c", 180)),
        ...units("t", 2).map((unit) => failure(id, "10pct", "treatment", unit)),
      ],
      believed,
    );
    await first.pass(1);
    await first.guard.stop();
    second.nowMs = first.nowMs;
    second.guard.observe(
      units("t", 8)
        .slice(2)
        .map((unit) => failure(id, "10pct", "treatment", unit)),
      believed,
    );
    await second.pass(1);
    expect((await second.rollout(id)).status).toBe("running");
    first.nowMs += 3000;
    await second.pass(3);
    expect((await second.rollout(id)).status).toBe("killed");
    expect((await second.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
  });

  it("that all look at once act once", async () => {
    const first = await open();
    const second = await open({ store: first.store, owner: "guard-b", nowMs: first.nowMs });
    const id = await start(first);
    for (const house of [first, second]) house.guard.observe(harm(id), believed);
    for (let look = 0; look < 4; look += 1) {
      first.nowMs += 500;
      second.nowMs = first.nowMs;
      await Promise.all([first.guard.tick(), second.guard.tick()]);
    }
    const { body } = await first.send<{ changes: { action?: string; change?: { action: string } }[] }>(
      ["admin"],
      "GET",
      "/v1/changes?set=shop.prod&flag=dark-mode",
    );
    expect(
      body.changes
        .map((entry) => entry.change?.action ?? entry.action)
        .filter((action) => action === "killed"),
    ).toEqual(["killed"]);
  });

  it("restarted in the middle of a kill continue it", async () => {
    const first = await open();
    const id = await start(first);
    first.outage = true;
    first.guard.observe(harm(id), believed);
    await first.pass(1);
    const decided = await first.store.documents.list(`rollout:${id}`);
    expect(decided[0]?.body).toMatchObject({ state: { status: "killed", pending: { kind: "kill" } } });
    expect(
      (await first.client.getFlag("shop.prod", "dark-mode").catch(() => undefined))?.killed,
    ).toBeUndefined();
    await first.guard.stop();
    first.outage = false;
    first.nowMs += 5000;
    const next = createGuard({
      documents: first.store.documents,
      control: first.client,
      owner: "guard-a",
      clock: () => first.nowMs,
    });
    await next.tick();
    expect((await first.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
    await next.stop();
  });

  it("that cannot reach control for a minute raise the alarm, keep at the kill, and carry it out when control is back", async () => {
    const house = await open();
    const id = await start(house);
    house.outage = true;
    house.guard.observe(harm(id), believed);
    await house.pass(9);
    expect(house.notices.map(({ topic }) => topic)).not.toContain("alarm");
    await house.pass(51);
    const alarms = house.notices.filter(({ topic }) => topic === "alarm");
    expect(alarms.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^dark-mode: the kill is not published 10 s after the decision: .*did not answer/,
      ),
    ]);
    house.outage = false;
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(false);
    await house.pass(2);
    expect((await house.client.getFlag("shop.prod", "dark-mode")).killed).toBe(true);
    expect((await house.rollout(id)).obstacle).toBeNull();
    expect(house.notices.filter(({ topic }) => topic === "killed")).toHaveLength(1);
  });

  it.each([
    ["is paused with the reason where the next stage is due", false, "paused"],
    ["stays killed with the reason where it was breached", true, "killed"],
  ])("of a flag that was deleted meanwhile %s", async (_, isHarmful, status) => {
    const house = await open();
    const id = await start(house, { ...plan, stages: [{ percent: 10, hold: "5s" }, { percent: 100 }] });
    await house.send(["write"], "DELETE", "/v1/flags/shop.prod/dark-mode", { reason: "cleaned up" });
    house.guard.observe(isHarmful ? harm(id) : harm(id).slice(0, 2), believed);
    await house.pass(10);
    expect(await house.rollout(id)).toMatchObject({
      status,
      obstacle: expect.stringContaining("dark-mode") as string,
    });
    const writes = await house.store.documents.read("rollout-decisions", id, 0, 500);
    await house.pass(20);
    expect(await house.store.documents.read("rollout-decisions", id, 0, 500)).toHaveLength(writes.length);
    expect(await house.send(["write"], "POST", `/v1/rollouts/${id}/abort`, { reason: "gone" })).toMatchObject(
      {
        status: 200,
      },
    );
    await house.pass(2);
    expect((await house.rollout(id)).status).toBe("rolled-back");
  });

  it("are told about it when a kill is not everywhere within ten seconds", async () => {
    const house = await open();
    const id = await start(house);
    const applied = house.client.applied.bind(house.client);
    Object.assign(house.client, {
      applied: async (set: string, revision: string) => ({
        ...(await applied(set, revision)),
        connected: 3,
        applied: 2,
      }),
    });
    house.guard.observe(harm(id), believed);
    await house.pass(15);
    const alarms = house.notices.filter((notice) => notice.topic === "alarm");
    expect(alarms.at(-1)?.message).toContain("only 2 of 3 connected instances");
  });
});
