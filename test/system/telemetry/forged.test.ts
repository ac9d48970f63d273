import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { startApp, type AppProcess } from "./app-process.ts";
import { startGuardedControl, type GuardedControl, type WireEvent } from "./guarded-control.ts";
import { openTelemetryLines } from "./lines.ts";
import { startReceiver, type Received, type Receiver } from "./receiver.ts";

/** As many forged units as the guard needs few of. */
const forgeries = 300;
const preloads = [
  "--import",
  "@flagspan/telemetry/register",
  "--import",
  "@opentelemetry/auto-instrumentations-node/register",
];

const started: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0).toReversed()) await one.stop();
});

const units = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const event = (
  house: GuardedControl,
  eventName: string,
  arm: "treatment" | "control",
  more: WireEvent["attributes"],
): WireEvent => ({
  eventName,
  attributes: {
    "feature_flag.key": "dark-mode",
    "feature_flag.set.id": "shop.prod",
    "feature_flag.result.variant": arm === "treatment" ? "on" : "off",
    "feature_flag.rollout.id": house.rolloutId,
    "feature_flag.rollout.stage": house.stage,
    "feature_flag.rollout.arm": arm,
    "feature_flag.outcome.source": "server",
    ...more,
  },
});

const outcome = (
  house: GuardedControl,
  unit: string,
  arm: "treatment" | "control" = "treatment",
): WireEvent =>
  event(house, "feature_flag.outcome", arm, {
    "feature_flag.context.id": unit,
    "feature_flag.outcome.kind": "error",
    "error.type": "500",
  });

/** A rollout whose real users, half of them treated, are well. */
async function start(): Promise<GuardedControl> {
  const house = await startGuardedControl();
  started.push({ stop: () => house.close() });
  const exposed = (arm: "treatment" | "control") =>
    event(house, "feature_flag.exposures", arm, {
      "feature_flag.exposures.units": units(arm, 100),
      "feature_flag.exposures.sample": 1,
    });
  const telemetry = await house.key(["telemetry"]);
  expect(await house.send(telemetry, [exposed("treatment"), exposed("control")])).toBe(200);
  await house.pass(2);
  expect(await house.standing()).toEqual({ status: "running", killed: false });
  return house;
}

describe("outcomes sent straight to control", () => {
  const flood = (house: GuardedControl): readonly WireEvent[] =>
    units("forged-", forgeries).map((unit) => outcome(house, unit));

  test.each([
    { key: "a browser's key", scopes: ["evaluate"] },
    { key: "a browser's key that also follows changes", scopes: ["evaluate", "sync"] },
  ] as const)("with $key hold the rollout and kill nothing", async ({ scopes }) => {
    const house = await start();
    expect(await house.send(await house.key(scopes), flood(house))).toBe(200);
    await house.pass(5);
    expect(house.heard.filter(({ kind }) => kind === "outcome")).toHaveLength(forgeries);
    expect(await house.standing()).toEqual({ status: "holding", killed: false });
  });

  test("without a key are refused", async () => {
    const house = await start();
    expect(await house.send(undefined, flood(house))).toBe(401);
    expect(await house.send("fs_forged.secret", flood(house))).toBe(401);
    await house.pass(5);
    expect(await house.standing()).toEqual({ status: "running", killed: false });
  });

  test("with a service's key would kill: the flood is one that can", async () => {
    const house = await start();
    expect(await house.send(await house.key(["telemetry"]), flood(house))).toBe(200);
    await house.pass(5);
    expect(await house.standing()).toEqual({ status: "killed", killed: true });
  });
});

describe.each(openTelemetryLines)("forged baggage, $title", ({ prepare }) => {
  let installed: ReturnType<typeof prepare>;
  let receiver: Receiver;
  beforeAll(() => {
    installed = prepare();
  }, 300_000);
  beforeEach(async () => {
    receiver = await startReceiver();
    started.push({ stop: () => receiver.close() });
  });

  /** An app under the preload whose outcomes go to control with a service's key. */
  const startService = async (
    house: GuardedControl,
    service: string,
    env: Record<string, string>,
  ): Promise<AppProcess> => {
    const app = await startApp({
      ...installed,
      app: "chain",
      preloads,
      env: {
        OTEL_SERVICE_NAME: service,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_LOGS_EXPORTER: "otlp",
        OTEL_BSP_MAX_QUEUE_SIZE: "50000",
        OTEL_BLRP_MAX_QUEUE_SIZE: "50000",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_NODE_RESOURCE_DETECTORS: "env",
        FLAGSPAN_BAGGAGE_ALLOW: "127.0.0.1",
        FLAGSPAN_GUARD_ENDPOINT: house.url,
        FLAGSPAN_GUARD_HEADERS: `authorization=Bearer ${await house.key(["telemetry"])}`,
        ...env,
      },
    });
    started.push(app);
    return app;
  };

  /** Calls a service as a stranger who knows everything a page can know, and lets its processes tell. */
  const flood = async (
    house: GuardedControl,
    entry: AppProcess,
    all: readonly AppProcess[],
  ): Promise<void> => {
    const rollout = `${encodeURIComponent(house.rolloutId)}/${house.stage}/treatment`;
    const call = async (unit: string): Promise<number> => {
      const baggage = `feature_flag.context.id=${unit},feature_flags.dark-mode=on;rollout=${rollout}`;
      const response = await fetch(`${entry.url}/order?user=${unit}`, { headers: { baggage } });
      await response.text();
      return response.status;
    };
    const forged = units("forged-", forgeries);
    for (let from = 0; from < forgeries; from += 30) {
      const answers = await Promise.all(forged.slice(from, from + 30).map(call));
      expect(new Set(answers)).toEqual(new Set([500]));
    }
    for (const app of all) {
      started.splice(started.indexOf(app), 1);
      expect([await app.stop(), app.stderr()]).toEqual([0, ""]);
    }
    await house.pass(5);
  };
  /** How many failed requests a service has told its collector about (server spans), and what flags its records carry. */
  const told = (service: string) => {
    const records = receiver.received.filter((record) => record.service === service);
    const isFailure = ({ attributes }: Received): boolean =>
      (attributes["http.response.status_code"] ?? attributes["http.status_code"]) === 500 &&
      attributes["url.full"] === undefined;
    return {
      failed: records.filter(isFailure).length,
      flags: new Set(records.map(({ attributes }) => attributes["feature_flags.dark-mode"])),
    };
  };
  const outcomesOf = (house: GuardedControl) => house.heard.filter(({ kind }) => kind === "outcome");

  test("reaches no event of an edge, nor of the trusting service behind it", async () => {
    const house = await start();
    const inner = await startService(house, "inner", { FAILS: "true", FLAGSPAN_TRUST_BAGGAGE: "true" });
    const edge = await startService(house, "edge", { NEXT_URL: inner.url });
    const before = house.heard.length;
    await flood(house, edge, [edge, inner]);
    expect(house.heard).toHaveLength(before);
    for (const service of ["edge", "inner"]) {
      expect(told(service)).toEqual({ failed: forgeries, flags: new Set([undefined]) });
    }
    expect(await house.standing()).toEqual({ status: "running", killed: false });
  }, 120_000);

  test("is a signal at an edge that takes it, which kills nothing, nor in the trusting service behind it", async () => {
    const house = await start();
    const inner = await startService(house, "inner", { FAILS: "true", FLAGSPAN_TRUST_BAGGAGE: "true" });
    const edge = await startService(house, "edge", {
      NEXT_URL: inner.url,
      FLAGSPAN_TRUST_BAGGAGE: "true",
      FLAGSPAN_PUBLIC_EDGE: "true",
    });
    const before = house.heard.length;
    await flood(house, edge, [edge, inner]);
    expect(told("edge").failed).toBe(forgeries);
    expect(told("edge").flags.has("on")).toBe(true);
    expect(told("inner")).toEqual({ failed: forgeries, flags: new Set([undefined]) });
    expect(house.heard.length - before).toBe(outcomesOf(house).length);
    expect(outcomesOf(house).length).toBeGreaterThan(0);
    expect(outcomesOf(house).filter(({ source }) => source !== "browser")).toEqual([]);
    expect((await house.standing()).killed).toBe(false);
  }, 120_000);

  test("would kill where strangers are taken for services: the flood is one that can", async () => {
    const house = await start();
    const edge = await startService(house, "edge", { FAILS: "true", FLAGSPAN_TRUST_BAGGAGE: "true" });
    await flood(house, edge, [edge]);
    expect(outcomesOf(house)).toHaveLength(forgeries);
    expect(await house.standing()).toEqual({ status: "killed", killed: true });
  }, 120_000);
});
