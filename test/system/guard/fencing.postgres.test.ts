import { setTimeout as wait } from "node:timers/promises";
import { encodeLogs } from "@flagspan/bridge/otlp";
import type { RolloutView } from "@flagspan/guard";
import { afterEach, expect, test } from "vitest";
import { startPostgres } from "../control/postgres-cluster.ts";
import type { PostgresCluster } from "../control/postgres-cluster.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";

interface Process {
  readonly child: Child;
  readonly url: string;
  readonly key: string;
}

let cluster: PostgresCluster | undefined;
const running: Process[] = [];
afterEach(async () => {
  for (const { child } of running.splice(0)) await child.kill();
  await cluster?.stop();
});

async function startControl(name: string): Promise<Process> {
  const child = startChild("serve.mjs", [cluster?.url ?? "", name]);
  const [url = "", key = ""] = (await child.next("url")).split(" ");
  const started = { child, url, key };
  running.push(started);
  return started;
}

async function send<T>({ url, key }: Process, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

async function view(process: Process, id: string): Promise<RolloutView> {
  return (await send<{ rollout: RolloutView }>(process, "GET", `/v1/rollouts/${id}`)).rollout;
}

/** Forty bad treated users and forty good others, as one OTLP request. */
async function harm(process: Process, id: string): Promise<void> {
  const units = (prefix: string): string[] => Array.from({ length: 40 }, (_, index) => `${prefix}${index}`);
  const attributes = (arm: string): Record<string, string> => ({
    "feature_flag.key": "dark-mode",
    "feature_flag.rollout.id": id,
    "feature_flag.rollout.stage": "50pct",
    "feature_flag.rollout.arm": arm,
    "feature_flag.outcome.source": "server",
  });
  const records = [
    ...["treatment", "control"].map((arm) => ({
      eventName: "feature_flag.exposures",
      attributes: {
        ...attributes(arm),
        "feature_flag.exposures.units": units(arm),
        "feature_flag.exposures.sample": 1,
      },
    })),
    ...units("treatment").map((unit) => ({
      eventName: "feature_flag.outcome",
      attributes: {
        ...attributes("treatment"),
        "feature_flag.context.id": unit,
        "feature_flag.outcome.kind": "error",
      },
    })),
  ];
  const log = { resource: {}, scope: { name: "test" }, timeUnixMs: Date.now() };
  await send(process, "POST", "/v1/logs", encodeLogs(records.map((record) => ({ ...log, ...record }))));
}

test("a decider that hangs loses its turn, and when it wakes up acts on nothing it had decided to do", async () => {
  cluster = await startPostgres();
  const old = await startControl("old");
  await wait(1000);
  const other = await startControl("other");
  const ruleset = {
    flags: { "dark-mode": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" } },
  };
  await send(old, "PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "start" });
  const plan = { flag: "dark-mode", set: "shop.prod", stages: "10%,50%,100%", hold: "0s", start: true };
  const { id } = (await send<{ rollout: RolloutView }>(old, "POST", "/v1/rollouts", plan)).rollout;
  await expect.poll(async () => (await view(other, id)).propagation?.kind).toBe("render");
  await send(old, "POST", `/v1/rollouts/${id}/pause`, { reason: "wait" });

  old.child.process.kill("SIGSTOP");
  await send(other, "POST", `/v1/rollouts/${id}/abort`, { reason: "not today" });
  await expect
    .poll(async () => (await view(other, id)).propagation?.kind, { timeout: 10_000, interval: 100 })
    .toBe("kill");
  const again = { ...plan, stages: "50%,100%", hold: "1h" };
  const { rollout: second } = await send<{ rollout: RolloutView }>(other, "POST", "/v1/rollouts", again);
  await expect.poll(async () => (await view(other, second.id)).propagation?.kind).toBe("render");
  const before = await send<{ revision: string }>(other, "GET", "/v1/flags/shop.prod/dark-mode");

  old.child.process.kill("SIGCONT");
  await harm(old, id);
  await wait(3000);
  // It woke up with a rollout it believed to be live and to lead: neither is true any more.
  expect(await send(other, "GET", "/v1/flags/shop.prod/dark-mode")).toMatchObject(before);
  expect((await view(old, id)).status).toBe("rolled-back");

  await harm(old, second.id);
  await expect
    .poll(async () => (await view(other, second.id)).propagation?.kind, { timeout: 10_000 })
    .toBe("kill");
  const { changes } = await send<{ changes: readonly { action?: string; change?: { action: string } }[] }>(
    other,
    "GET",
    "/v1/changes?set=shop.prod&flag=dark-mode",
  );
  const killed = changes.filter((entry) => (entry.change?.action ?? entry.action) === "killed");
  expect(killed).toHaveLength(2);
});
