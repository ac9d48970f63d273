import { setTimeout as wait } from "node:timers/promises";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { createControlClient, createGuard, parseFastLaneEvent } from "@flagspan/guard";
import type { FastLaneEvent, Guard, RolloutView } from "@flagspan/guard";
import { FlagspanProvider } from "@flagspan/provider/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandIo } from "../../command.ts";
import { runCommandLine } from "../../run.ts";
import { drillCommand } from "../drill/index.ts";
import { unitCommand } from "../unit/index.ts";
import { rolloutCommand } from "./index.ts";

const house: { url: string; token: string; guard?: Guard; close: () => Promise<void> } = {
  url: "",
  token: "",
  close: () => Promise.resolve(),
};

const onOff = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };

beforeAll(async () => {
  const store = await openMemoryStore();
  const { token } = await createKey(store, {
    name: "ann",
    scopes: ["sync", "write", "kill", "admin", "telemetry"],
    sets: ["*"],
    actorType: "user",
  });
  const late: { url: string } = { url: "" };
  const guard = createGuard({
    documents: store.documents,
    control: createControlClient({
      baseUrl: "http://control",
      key: token,
      fetch: async (input, init) => fetch(input.replace("http://control", late.url), init),
    }),
  });
  const control = createControl({ store, decider: guard.decider });
  const { url } = await control.listen({ port: 0 });
  late.url = url;
  Object.assign(house, { url, token, guard });
  await fetch(`${url}/v1/rulesets/shop.prod`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      reason: "start",
      ruleset: {
        $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
        flags: { "dark-mode": onOff, "new-search": onOff, calm: onOff },
      },
    }),
  });
  house.close = async () => {
    await guard.stop();
    await control.close();
    await store.close();
  };
});
afterAll(() => house.close());

async function run(
  line: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const io: CommandIo = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    readFile: async (path) => {
      const { readFile } = await import("node:fs/promises");
      return files[path.replace("/here/", "")] ?? readFile(path, "utf8");
    },
    env: { FLAGSPAN_URL: house.url, FLAGSPAN_KEY: house.token },
    cwd: "/here",
    now: Date.now,
    isTTY: false,
    signal: new AbortController().signal,
  };
  const commands = {
    rollout: async () => Promise.resolve(rolloutCommand),
    unit: async () => Promise.resolve(unitCommand),
    drill: async () => Promise.resolve(drillCommand),
  };
  const code = await runCommandLine(line, commands, io, "0.0.0");
  return { code, out, err };
}

/** Lets the guard look until the rollout is as wanted: looks, not time. */
async function lookUntil(flag: string, wanted: (view: RolloutView) => boolean): Promise<RolloutView> {
  for (let look = 0; look < 200; look += 1) {
    await house.guard?.tick();
    const view = JSON.parse((await run(["rollout", "status", flag, "--json"])).out) as RolloutView;
    if (wanted(view)) return view;
    await wait(10);
  }
  throw new Error("the rollout did not get there");
}

function event(
  view: RolloutView,
  arm: "treatment" | "control",
  more: Record<string, unknown>,
): FastLaneEvent {
  const eventName =
    "feature_flag.exposures.units" in more ? "feature_flag.exposures" : "feature_flag.outcome";
  const parsed = parseFastLaneEvent({
    eventName,
    timeUnixMs: Date.now(),
    attributes: {
      "feature_flag.key": view.flag,
      "feature_flag.rollout.id": view.id,
      "feature_flag.rollout.stage": view.stage,
      "feature_flag.rollout.arm": arm,
      "feature_flag.result.variant": arm === "treatment" ? "on" : "off",
      "feature_flag.outcome.source": "server",
      ...more,
    },
  });
  if (parsed === undefined) throw new Error("not an event");
  return parsed;
}

describe("flagspan rollout", () => {
  test("starts in one line, is watched, kills, reports, and says what is next", async () => {
    const started = await run([
      "rollout",
      "start",
      // Only one set has it, so that none needs to be named.
      "dark-mode",
      "--stages",
      "10%,50%,100%",
      "--hold",
      "15m",
      "--reason",
      "ready",
    ]);
    expect([started.code, started.err]).toEqual([0, ""]);
    const view = await lookUntil("dark-mode", (candidate) => candidate.status === "running");
    expect((await run(["rollout", "status", "dark-mode"])).out).toContain("[10pct] > 50pct > 100pct");
    const units = Array.from({ length: 10 }, (_, index) => `u${index}`);
    house.guard?.observe(
      [
        event(view, "treatment", { "feature_flag.exposures.units": units }),
        event(view, "control", { "feature_flag.exposures.units": units.map((unit) => `c${unit}`) }),
        ...units.map((unit) =>
          event(view, "treatment", { "feature_flag.outcome.kind": "error", "feature_flag.context.id": unit }),
        ),
      ],
      { scopes: ["telemetry"] },
    );
    await lookUntil(
      "dark-mode",
      (candidate) => candidate.status === "killed" && candidate.propagation?.everywhereMs !== undefined,
    );
    const watched = await run(["rollout", "status", "dark-mode", "--watch"]);
    expect([watched.code, watched.out]).toEqual([1, expect.stringContaining("dark-mode killed 10pct")]);
    expect((await run(["rollout", "report", "dark-mode"])).out).toContain("# Rollout of dark-mode: killed");
    expect((await run(["rollout", "status"])).out).toMatch(/dark-mode-\d+ {2}killed/);
  });

  test("tells a rollout what to do, and passes on why it is refused", async () => {
    await run(["rollout", "start", "plan.yaml"], {
      "plan.yaml":
        "flag: new-search\nset: shop.prod\nstages:\n  - segment: internal\n    hold: 1h\n  - percent: 10\n",
    });
    await lookUntil("new-search", (candidate) => candidate.status === "running");
    expect((await run(["rollout", "pause", "new-search"])).out).toContain("new-search  paused");
    expect(await run(["rollout", "approve", "new-search"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("approve is not possible while the rollout is paused"),
    });
    expect((await run(["rollout", "resume", "new-search"])).out).toContain("new-search  running");
    expect((await run(["rollout", "abort", "new-search", "--semver", "appVersion < 2.3.1"])).code).toBe(0);
    expect((await run(["rollout", "abort", "new-search", "--reason", "enough"])).out).toContain(
      "rolled-back",
    );
  });

  test.each([
    [["rollout"], "say what to do: start, status"],
    [["rollout", "start"], "name a flag or a plan file"],
    [["rollout", "start", "nope", "--stages", "1%"], "no flag set has nope here; name the set with --set"],
    [["rollout", "start", "dark-mode", "--set", "s", "--stages", "10%,5%"], "percentages only grow"],
    [
      ["rollout", "start", "dark-mode", "--set", "s", "--template", "quick"],
      'there is no template "quick"; there are standard-48h',
    ],
    [["rollout", "start", "none.yaml"], "does not exist"],
    [["rollout", "start", "bad.yaml"], "bad.yaml:2:1 is not YAML"],
    [["rollout", "status", "nope"], 'there is no rollout of or named "nope"'],
    [["rollout", "abort", "dark-mode", "--semver", "2.3.1"], '"appVersion < 2.3.1"'],
    [["drill", "dark-mode"], "name the flag and its set"],
    [["drill", "dark-mode", "--set", "shop.prod", "--within", "soon"], "it is a number of seconds"],
    [["unit", "shop.prod"], "name the flag set and the user"],
    [["unit", "nowhere", "u"], "there is no flag set nowhere"],
    [["unit", "shop.prod", "u", "--context", "{"], "--context is not JSON"],
  ])("%j is told in one line what is wrong", async (line, expected) => {
    const { code, err } = await run(line, { "bad.yaml": "flag: [\n" });
    expect(code).toBe(2);
    expect(err).toContain(expected);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test.each(["standard-48h", "cautious-week", "instant-with-guard", "dark-launch"])(
    "finds the template %s",
    async (template) => {
      const { err } = await run([
        "rollout",
        "start",
        "no-such-flag",
        "--set",
        "shop.prod",
        "--template",
        template,
      ]);
      expect(err).toContain("shop.prod has no flag no-such-flag");
    },
  );
});

describe("flagspan unit", () => {
  test("says what a user gets and what went wrong for them", async () => {
    const { out, code } = await run(["unit", "shop.prod", "user-42", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      unit: expect.stringMatching(/^[\w-]{16}$/),
      flags: expect.arrayContaining([{ flag: "dark-mode", variant: "off", reason: "STATIC", rollout: null }]),
      outcomes: [],
    });
    expect((await run(["unit", "shop.prod", "user-42"])).out).toContain(
      "no bad outcome held by a live rollout",
    );
  });
});

describe("flagspan drill", () => {
  test("measures decision to everywhere on live connections, changes no answer, and keeps its history", async () => {
    const providers = [1, 2].map(
      (number) =>
        new FlagspanProvider({
          url: house.url,
          set: "shop.prod",
          key: house.token,
          instance: `app-${number}`,
        }),
    );
    await Promise.all(providers.map(async (provider) => provider.initialize?.()));
    const answers = (): unknown[] =>
      providers.map((provider) => provider.evaluateSync("calm", true, { targetingKey: "u" }).value);
    const before = answers();
    const { out, code } = await run(["drill", "calm", "--set", "shop.prod", "--json"]);
    const result = JSON.parse(out) as { connected: number; applied: number; late: string[]; maxMs: number };
    expect([code, result.connected, result.applied, result.late]).toEqual([0, 2, 2, []]);
    expect(answers()).toEqual(before);
    expect((await run(["drill", "calm", "--set", "shop.prod", "--history"])).out).toMatch(
      /2 of 2 connected instances applied revision \d+: p50 \d+ ms/,
    );
    await Promise.all(providers.map(async (provider) => provider.onClose?.()));
  });
});
