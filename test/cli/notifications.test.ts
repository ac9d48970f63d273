import { encodeLogs } from "@flagspan/bridge/otlp";
import type { RolloutView } from "@flagspan/guard";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReceiver, type Receiver } from "../bridge/receiver.ts";
import { until } from "../bridge/until.ts";
import { startServe, type ServeProcess } from "./serve-process.ts";

let [hooks, slack]: Receiver[] = [];
let server: ServeProcess;

beforeAll(async () => {
  [hooks, slack] = [await startReceiver(), await startReceiver(() => ({ status: 200, body: "ok" }))];
  const allowPrivate = `allowPrivate: ["127.0.0.1"]`;
  server = await startServe(`sinks:
  - { kind: webhook, url: "${hooks.url}/events", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, ${allowPrivate} }
  - { kind: slack, url: "${slack.url}/services/T0/B0/x", ${allowPrivate} }
`);
  const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
  const ruleset = { flags: { "dark-mode": flag, search: flag, quiet: flag } };
  await server.send("PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "the shop opens" });
});

afterAll(async () => {
  await server.close();
  await hooks?.close();
  await slack?.close();
});

async function start(flag: string, stage: unknown): Promise<RolloutView> {
  const plan = { flag, set: "shop.prod", stages: [stage], start: true };
  return (await server.send<{ rollout: RolloutView }>("POST", "/v1/rollouts", plan)).rollout;
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
  await server.send("POST", "/v1/logs", encodeLogs(records.map((record) => ({ ...log, ...record }))));
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
  await server.flagspan("rollout", "approve", rollout.id, "--reason", "numbers are good");
  await until("the end to be told", () => told("search").has("completed"));
  expect(told("search").get("completed")).toMatchObject({ severity: "info", evidence: { treatedUnits: 40 } });
});

test("a rollout that holds because nobody comes is told", async () => {
  await start("quiet", { percent: 50, hold: "1s" });
  await until("the hold to be told", () => told("quiet").has("holding"));
  expect(told("quiet").get("holding")?.severity).toBe("warning");
});
