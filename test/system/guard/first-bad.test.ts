import { setTimeout as wait } from "node:timers/promises";
import type { RolloutView } from "@flagspan/guard";
import { afterEach, expect, test } from "vitest";
import { startServe } from "../../cli/serve-process.ts";
import type { ServeProcess } from "../../cli/serve-process.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";

let server: ServeProcess | undefined;
let apps: readonly Child[] = [];
afterEach(async () => {
  for (const app of apps) await app.kill();
  await server?.close();
});

interface Visit {
  readonly user: number;
  /** When the user came, and when the answer was there. */
  readonly cameMs: number;
  readonly atMs: number;
  readonly isTreated: boolean;
  readonly isBad: boolean;
}

/** Lets new users come at a steady rate, each to two of the apps, until it is stopped; answers what they met. */
function visit(
  urls: readonly string[],
  usersPerSecond: number,
): { readonly visits: readonly Visit[]; stop(): Promise<void> } {
  const visits: Visit[] = [];
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startMs = Date.now();
  let users = 0;
  const come = async (user: number): Promise<void> => {
    const cameMs = Date.now();
    for (const app of [user, user + 1]) {
      const response = await fetch(`${urls[app % urls.length]}/?user=${user}`);
      const isTreated = (await response.text()) === "on";
      visits.push({ user, cameMs, atMs: Date.now(), isTreated, isBad: response.status === 500 });
    }
  };
  const timer = setInterval(() => {
    for (const due = ((Date.now() - startMs) / 1000) * usersPerSecond; users < due; users += 1) {
      const coming = come(users)
        .catch((error: unknown) => failures.push(error))
        .then(() => void running.delete(coming));
      running.add(coming);
    }
  }, 10);
  return {
    visits,
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      if (failures.length > 0) throw failures[0];
    },
  };
}

test.each([
  { percent: 50, usersPerSecond: 56 },
  { percent: 25, usersPerSecond: 112 },
])(
  "half of the treated users fail at more than 20 new ones a second in a stage of $percent %: the kill is decided within eight seconds of the first",
  async ({ percent, usersPerSecond }) => {
    server = await startServe();
    const { url, key } = server;
    const send: ServeProcess["send"] = async (method, path, body) =>
      server?.send(method, path, body) as never;
    const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
    await send("PUT", "/v1/rulesets/shop.prod", {
      ruleset: { flags: { "dark-mode": flag } },
      reason: "start",
    });
    const plan = { flag: "dark-mode", set: "shop.prod", stages: `${percent}%,100%`, hold: "1h", start: true };
    const { rollout } = await send<{ rollout: RolloutView }>("POST", "/v1/rollouts", plan);
    const look = async (): Promise<RolloutView> =>
      (await send<{ rollout: RolloutView }>("GET", `/v1/rollouts/${rollout.id}`)).rollout;
    while ((await look()).propagation?.kind !== "render") await wait(50);
    apps = ["checkout", "cart", "search"].map((name) => startChild("shop-app.mjs", [url, key, name]));
    const urls = await Promise.all(apps.map(async (app) => app.next("url")));

    const startedMs = Date.now();
    const shoppers = visit(urls, usersPerSecond);
    await wait(4000);
    expect((await look()).breach).toBeNull();
    await Promise.all(urls.map(async (app) => fetch(`${app}/break`)));
    let view = await look();
    for (let looks = 0; view.breach === null && looks < 300; looks += 1) {
      await wait(100);
      view = await look();
    }
    await shoppers.stop();

    const firstBadMs = shoppers.visits.find((seen) => seen.isBad)?.atMs ?? Number.NaN;
    const decidedMs = view.breach?.atMs ?? Number.NaN;
    const treated = shoppers.visits.filter((seen) => seen.isTreated && seen.cameMs < decidedMs);
    const newPerSecond = (new Set(treated.map(({ user }) => user)).size / (decidedMs - startedMs)) * 1000;
    process.stdout.write(
      `${percent} %: first bad answer to decision ${decidedMs - firstBadMs} ms (goal < 8000); by the guard's own report ${view.delay.firstBadToDecisionMs} ms; ` +
        `${newPerSecond.toFixed(0)} new treated users a second; ${view.breach?.text}\n`,
    );
    expect(view.status).toBe("killed");
    expect(newPerSecond).toBeGreaterThanOrEqual(20);
    expect(decidedMs - firstBadMs).toBeLessThan(8000);
  },
);
