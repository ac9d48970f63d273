import { execFile, fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { encodeLogs } from "@flagspan/bridge/otlp";
import type { RolloutView } from "@flagspan/guard";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReceiver, type Receiver } from "../bridge/receiver.ts";
import { until } from "../bridge/until.ts";

const bin = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "flagspan-notifications-"));
let [hooks, slack]: Receiver[] = [];
let server: ChildProcess;
let env: Record<string, string>;

async function flagspan(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args], { cwd: folder, env });
  return stdout;
}

async function send<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await fetch(`${env["FLAGSPAN_URL"]}${path}`, {
    method,
    headers: { authorization: `Bearer ${env["FLAGSPAN_KEY"]}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

beforeAll(async () => {
  [hooks, slack] = [await startReceiver(), await startReceiver(() => ({ status: 200, body: "ok" }))];
  const config = join(folder, "flagspan.yaml");
  const allowPrivate = `allowPrivate: ["127.0.0.1"]`;
  writeFileSync(
    config,
    `sinks:
  - { kind: webhook, url: "${hooks?.url}/events", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, ${allowPrivate} }
  - { kind: slack, url: "${slack?.url}/services/T0/B0/x", ${allowPrivate} }
`,
  );
  const store = join(folder, "control.db");
  env = { PATH: process.env["PATH"] ?? "" };
  const who = ["keys", "create", "--store", store, "--name", "ada@shop.example", "--actor", "user"];
  const key = (await flagspan(...who, "--scopes", "admin,write,kill,telemetry")).trim();
  server = fork(bin, ["serve", "--store", store, "--port", "0", "--config", config], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
    env,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("message", (message: { listening: number }) => resolve(message.listening));
    server.once("exit", (code) => reject(new Error(`flagspan serve ended with ${code}`)));
  });
  env = { ...env, FLAGSPAN_URL: `http://127.0.0.1:${port}`, FLAGSPAN_KEY: key };
  const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
  const ruleset = { flags: { "dark-mode": flag, search: flag, quiet: flag } };
  await send("PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "the shop opens" });
});

afterAll(async () => {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await gone;
  await hooks?.close();
  await slack?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(flag: string, stage: unknown): Promise<RolloutView> {
  const plan = { flag, set: "shop.prod", stages: [stage], start: true };
  return (await send<{ rollout: RolloutView }>("POST", "/v1/rollouts", plan)).rollout;
}

/** Forty users in each arm; those of the treatment fail if `bad`. */
async function visit(rollout: RolloutView, bad: boolean): Promise<void> {
  const records = (["treatment", "control"] as const).flatMap((arm) => {
    const units = Array.from({ length: 40 }, (_, index) => `${rollout.flag}-${arm}-${index}`);
    const attributes = {
      "feature_flag.key": rollout.flag,
      "feature_flag.rollout.id": rollout.id,
      "feature_flag.rollout.stage": "50pct",
      "feature_flag.rollout.arm": arm,
      "feature_flag.result.variant": arm === "treatment" ? "on" : "off",
      "feature_flag.outcome.source": "server",
    };
    const failed = bad && arm === "treatment" ? units : [];
    return [
      {
        eventName: "feature_flag.exposures",
        attributes: {
          ...attributes,
          "feature_flag.exposures.units": units,
          "feature_flag.exposures.sample": 1,
        },
      },
      ...failed.map((unit) => ({
        eventName: "feature_flag.outcome",
        attributes: {
          ...attributes,
          "feature_flag.context.id": unit,
          "feature_flag.outcome.kind": "error",
        },
      })),
    ];
  });
  const log = { resource: {}, scope: { name: "test" }, timeUnixMs: Date.now() };
  await send("POST", "/v1/logs", encodeLogs(records.map((record) => ({ ...log, ...record }))));
}

interface Told {
  readonly type: string;
  readonly data: {
    readonly kind: string;
    readonly flagKey: string;
    readonly rolloutId: string;
    readonly severity: string;
    readonly sentence: string;
    readonly evidence: Readonly<Record<string, number>>;
  };
}

/** What the webhook was told about a flag, by kind. Changes of flags come to the same place under another type. */
function told(flag: string): ReadonlyMap<string, Told["data"]> {
  const events = (hooks?.requests ?? []).map(({ body }) => JSON.parse(body) as Told);
  const ofFlag = events.filter(({ data }) => data.flagKey === flag && data.severity !== undefined);
  return new Map(ofFlag.map(({ data }) => [data.kind, data]));
}

test("a breach and its kill reach the webhook, signed, and Slack, with the evidence", async () => {
  const rollout = await start("dark-mode", { percent: 50, hold: "1h" });
  await visit(rollout, true);
  await until("the kill to be told", () => told("dark-mode").has("killed"));
  expect(told("dark-mode").get("breach")).toMatchObject({
    rolloutId: rollout.id,
    severity: "critical",
    sentence: expect.stringMatching(
      /^dark-mode: error breached in 50pct: .* users with errors were treated/,
    ) as string,
    evidence: { treatedUnits: 40, controlUnits: 40, controlErrors: 0 },
  });
  expect(told("dark-mode").get("breach")?.evidence["treatedErrors"]).toBeGreaterThanOrEqual(3);
  expect(hooks?.requests[0]?.headers["webhook-signature"]).toMatch(/^v1,/);
  await until("Slack to be told", () => slack?.requests.some(({ body }) => body.includes("killed")) ?? false);
  expect(slack?.requests.map(({ body }) => body).join("\n")).toContain("treatedErrors");
});

test("an approval that is needed and the end of a rollout are told", async () => {
  const rollout = await start("search", { percent: 50, hold: { min: "1s", approval: "write" } });
  await visit(rollout, false);
  await until("the approval to be asked for", () => told("search").has("approval"));
  expect(told("search").get("approval")).toMatchObject({ severity: "warning" });
  await flagspan("rollout", "approve", rollout.id, "--reason", "numbers are good");
  await until("the end to be told", () => told("search").has("completed"));
  expect(told("search").get("completed")).toMatchObject({ severity: "info", evidence: { treatedUnits: 40 } });
});

test("a rollout that holds because nobody comes is told", async () => {
  await start("quiet", { percent: 50, hold: "1s" });
  await until("the hold to be told", () => told("quiet").has("holding"));
  expect(told("quiet").get("holding")?.severity).toBe("warning");
});
