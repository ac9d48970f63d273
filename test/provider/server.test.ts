import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fileSource,
  FlagspanProvider,
  httpSource,
  memorySource,
  mergedSource,
} from "@flagspan/provider/server";
import { faultySource, memoryProvider } from "@flagspan/provider/testing";
import { logs } from "@opentelemetry/api-logs";
import { metrics } from "@opentelemetry/api";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  type Hook,
  OpenFeature,
  AsyncLocalStorageTransactionContextPropagator,
  ProviderEvents,
} from "@openfeature/server-sdk";
import { Ajv } from "ajv";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { follow } from "./follow.ts";
import { manualClock, tickUntil } from "./manual-clock.ts";
import { answerStatus, cutSocket, onOff, SmallControl } from "./small-control.ts";
import { until } from "./until.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
async function startControl(flags?: ConstructorParameters<typeof SmallControl>[0]): Promise<SmallControl> {
  const control = await new SmallControl(flags).listen();
  closers.push(() => control.close());
  return control;
}
const track = <T extends { onClose(): Promise<void> }>(provider: T): T => {
  closers.push(() => provider.onClose());
  return provider;
};
const watched = onOff("on", {
  metadata: { rollout: "r1/10", rolloutTreatment: "on", rolloutControl: "off" },
});

describe("lifecycle", () => {
  test.each(["sdk", "spec-0.9"] as const)(
    "under %s, READY is emitted by the SDK or by the provider, never by both",
    async (lifecycle) => {
      const provider = track(new FlagspanProvider({ source: memorySource({ flags: {} }), lifecycle }));
      const emitted: string[] = [];
      provider.events.addHandler(ProviderEvents.Ready, () => void emitted.push("ready"));
      await provider.initialize();
      expect(emitted).toEqual(lifecycle === "sdk" ? [] : ["ready"]);
    },
  );

  test("through the SDK, one provider is READY once, STALE, ERROR, and READY again, and answers throughout", async () => {
    const source = memorySource({ flags: { a: onOff("on") } });
    const clock = manualClock();
    const domain = "lifecycle";
    const client = OpenFeature.getClient(domain);
    const states: string[] = [];
    for (const type of [ProviderEvents.Ready, ProviderEvents.Stale, ProviderEvents.Error] as const) {
      client.addHandler(type, () => void states.push(type));
    }
    states.length = 0;
    await OpenFeature.setProviderAndWait(
      domain,
      new FlagspanProvider({ source, clock, staleAfterMs: 10, errorAfterMs: 20 }),
    );
    source.link(false);
    clock.advance(9);
    source.link(true);
    source.link(false);
    clock.advance(10);
    expect(await client.getBooleanValue("a", false)).toBe(true);
    clock.advance(20);
    expect(await client.getBooleanValue("a", false)).toBe(true);
    source.link(true);
    await until("READY is handled", () => states.length >= 4);
    expect(states).toEqual([
      ProviderEvents.Ready,
      ProviderEvents.Stale,
      ProviderEvents.Error,
      ProviderEvents.Ready,
    ]);
    await OpenFeature.clearProviders();
  });

  test("I11: without network, the ruleset kept on disk answers at once, becomes stale, and the network takes over with exact changes", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "flagspan-cold-"));
    closers.push(() => rm(cacheDir, { recursive: true }));
    const control = await startControl({ a: onOff("off"), b: onOff("on"), same: onOff("on") });
    const first = follow(control, { cacheDir });
    await first.ready;
    await first.provider.onClose();
    control.always.stream = cutSocket;
    control.always.ruleset = cutSocket;
    const second = follow(control, { cacheDir });
    closers.push(() => second.provider.onClose());
    await second.ready;
    expect(second.value("same")).toBe(true);
    await tickUntil("it is stale", second.clock, () => second.events.length === 1);
    control.set("a", onOff("on"));
    control.set("b", null);
    delete control.always.stream;
    await tickUntil("it has recovered", second.clock, () => second.events.length === 4);
    expect(second.events).toEqual([
      { type: ProviderEvents.Stale },
      { type: ProviderEvents.Ready },
      { type: ProviderEvents.ConfigurationChanged, flagsChanged: ["a"] },
      { type: ProviderEvents.ConfigurationChanged, flagsChanged: ["b"] },
    ]);
  });

  test("401 before the first ruleset is FATAL at once, and heals when the key is accepted", async () => {
    const control = await startControl();
    control.always.stream = answerStatus(401);
    const { ready, clock, events, provider, value } = follow(control);
    closers.push(() => provider.onClose());
    await expect(ready).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
    delete control.always.stream;
    control.set("a", onOff("on"));
    await tickUntil("it has healed", clock, () => value("a"));
    expect(events[0]).toEqual({ type: ProviderEvents.Ready });
  });

  test("closing twice and starting again is harmless", async () => {
    const control = await startControl();
    const { provider, ready, value } = follow(control);
    await ready;
    await Promise.all([provider.onClose(), provider.onClose()]);
    control.set("a", onOff("on"));
    await provider.initialize();
    expect(value("a")).toBe(true);
    await provider.onClose();
    await until("no stream is left", () => control.streams.size === 0);
  });
});

describe("answers", () => {
  test("carry set, version and flag metadata, and the unit's id for watched flags only", async () => {
    const control = await startControl({ plain: onOff("on", { metadata: { owner: "me" } }), watched });
    const { provider, ready } = follow(control);
    closers.push(() => provider.onClose());
    await ready;
    const context = { targetingKey: "user-1" };
    expect(provider.evaluateSync("plain", false, context).flagMetadata).toEqual({
      flagSetId: "shop",
      version: "1",
      owner: "me",
    });
    const contextId = createHmac("sha256", control.unitSecret)
      .update("user-1")
      .digest()
      .subarray(0, 12)
      .toString("base64url");
    expect(provider.evaluateSync("watched", false, context).flagMetadata).toMatchObject({
      contextId,
      rollout: "r1/10",
    });
    expect(provider.evaluateSync("watched", false, {}).flagMetadata).not.toHaveProperty("contextId");
  });

  test("of any type are exact, and of another type are TYPE_MISMATCH", async () => {
    const provider = track(
      memoryProvider({ big: 9007199254740993e3, tiny: 1e-7, zero: -0, list: { a: [1, null] } }),
    );
    await provider.initialize();
    expect((await provider.resolveNumberEvaluation("big", 0, {})).value).toBe(9007199254740993e3);
    expect((await provider.resolveNumberEvaluation("tiny", 0, {})).value).toBe(1e-7);
    expect((await provider.resolveObjectEvaluation("list", {}, {})).value).toEqual({ a: [1, null] });
    expect(await provider.resolveStringEvaluation("big", "x", {})).toMatchObject({
      value: "x",
      reason: "ERROR",
      errorCode: "TYPE_MISMATCH",
    });
    expect(await provider.resolveStringEvaluation("none", "x", {})).toMatchObject({
      value: "x",
      errorCode: "FLAG_NOT_FOUND",
    });
  });

  test("of one outcome share one promise", async () => {
    const provider = track(memoryProvider({ a: true }));
    await provider.initialize();
    expect(provider.resolveBooleanEvaluation("a", false, { x: 1 })).toBe(
      provider.resolveBooleanEvaluation("a", true, { x: 2 }),
    );
  });
});

describe("evaluateSync", () => {
  test("gives the client's details through the client's hooks in the client's order", async () => {
    const domain = "sync";
    const provider = memoryProvider({ a: true });
    await OpenFeature.setProviderAndWait(domain, provider);
    const record = (calls: string[]): Hook[] =>
      ["1", "2"].map((name): Hook => ({
        before: (context) => {
          calls.push(`${name} before ${context.flagValueType} ${JSON.stringify(context.context)}`);
          return { [name]: true };
        },
        after: (context, details) =>
          void calls.push(`${name} after ${details.variant} ${JSON.stringify(context.context)}`),
        error: (_context, error) => void calls.push(`${name} error ${(error as Error).message}`),
        finally: (_context, details) =>
          void calls.push(`${name} finally ${details.reason} ${details.errorCode ?? ""}`),
      }));
    for (const key of ["a", "missing"]) {
      const [atOnce, through]: [string[], string[]] = [[], []];
      const details = provider.evaluateSync(key, false, { x: 1 }, { hooks: record(atOnce) });
      expect(details).toEqual(
        await OpenFeature.getClient(domain).getBooleanDetails(
          key,
          false,
          { x: 1 },
          { hooks: record(through) },
        ),
      );
      expect(atOnce).toEqual(through);
      expect(atOnce).toHaveLength(6);
    }
    await OpenFeature.clearProviders();
  });

  test("never throws: a broken hook makes it an error with the default, a rejected promise is swallowed", async () => {
    const provider = track(memoryProvider({ a: true }));
    await provider.initialize();
    const broken: Hook = {
      before: () => {
        throw new Error("no");
      },
      error: () => {
        throw new Error("no again");
      },
      finally: () => Promise.reject(new Error("late")),
    };
    expect(provider.evaluateSync("a", false, {}, { hooks: [broken] })).toMatchObject({
      value: false,
      reason: "ERROR",
      errorCode: "GENERAL",
      errorMessage: "no",
    });
  });
});

test("a pinned request keeps its revision while the provider moves on", async () => {
  const source = memorySource({ flags: { a: onOff("off") } });
  const provider = new FlagspanProvider({ source });
  const domain = "pinned";
  OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator());
  await OpenFeature.setProviderAndWait(domain, provider);
  const client = OpenFeature.getClient(domain);
  const inRequest = await new Promise<boolean[]>((resolve, reject) => {
    OpenFeature.setTransactionContext({ user: "1", ...provider.pinRevision() }, () => {
      const request = async (): Promise<boolean[]> => {
        const before = await client.getBooleanValue("a", true);
        source.set({ flags: { a: onOff("on") } });
        return [before, await client.getBooleanValue("a", true)];
      };
      request().then(resolve, reject);
    });
  });
  expect(inRequest).toEqual([false, false]);
  expect(await client.getBooleanValue("a", false)).toBe(true);
  await OpenFeature.clearProviders();
});

describe("sources", () => {
  test("merged: the later wins, each flag keeps its own set and version, and a dead one does not hold up the rest", async () => {
    const control = await startControl({ a: onOff("off"), b: onOff("on") });
    const dead = httpSource({ url: "http://127.0.0.1:9", set: "dead", connectTimeoutMs: 500 });
    const local = memorySource({ flags: { a: onOff("on") } }, { flagSetId: "local" });
    const source = mergedSource([dead, httpSource({ url: control.url, set: "shop" }), local]);
    const provider = track(new FlagspanProvider({ source }));
    await provider.initialize();
    expect(provider.evaluateSync("a", false)).toMatchObject({
      value: true,
      flagMetadata: { flagSetId: "local" },
    });
    expect(provider.evaluateSync("b", false)).toMatchObject({
      value: true,
      flagMetadata: { flagSetId: "shop", version: "1" },
    });
  });

  test("file: is followed through rewriting, replacing, breaking and disappearing; only good content counts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flagspan-file-"));
    closers.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "flags.json");
    const write = (variant: "on" | "off"): Promise<void> =>
      writeFile(path, JSON.stringify({ flags: { a: onOff(variant) } }));
    await write("off");
    const provider = track(
      new FlagspanProvider({ source: fileSource(path, { pollIntervalMs: 20 }), staleAfterMs: 10 }),
    );
    const events: string[] = [];
    provider.events.addHandler(ProviderEvents.Stale, () => void events.push("stale"));
    provider.events.addHandler(ProviderEvents.Ready, () => void events.push("ready"));
    await provider.initialize();
    const value = (): boolean => provider.evaluateSync("a", false).value;
    await write("on");
    await until("it is on", value);
    await writeFile(path, "{ broken");
    await until("it is stale", () => events.includes("stale"));
    expect(value()).toBe(true);
    await writeFile(`${path}.new`, JSON.stringify({ flags: { a: onOff("off") } }));
    await rename(`${path}.new`, path);
    await until("it is off", () => !value());
    await until("it is ready", () => events.at(-1) === "ready");
  });

  test("faults can be ordered: down keeps the last good ruleset and goes stale, and the withheld update arrives afterwards", async () => {
    const truth = memorySource({ flags: { a: onOff("off") } });
    const source = faultySource(truth);
    const provider = track(new FlagspanProvider({ source, staleAfterMs: 0 }));
    await provider.initialize();
    const stale = new Promise((resolve) => provider.events.addHandler(ProviderEvents.Stale, resolve));
    source.inject({ kind: "down" });
    truth.set({ flags: { a: onOff("on") } });
    await stale;
    expect(provider.evaluateSync("a", true).value).toBe(false);
    source.inject({ kind: "none" });
    expect(provider.evaluateSync("a", false).value).toBe(true);
  });

  test("an unseen damage is found by the audit and repaired by verified bytes of the same revision", async () => {
    const control = await startControl();
    const { clock, ready, value, provider } = follow(control, { auditIntervalMs: 1000 });
    closers.push(() => provider.onClose());
    await ready;
    control.revision = 2;
    control.send(
      `event: patch\nid: 2\ndata: ${JSON.stringify({ from: "1", to: "2", flags: { a: onOff("on") } })}\n\n`,
    );
    await until("the damage is done", () => value("a"));
    await tickUntil("it is repaired", clock, () => !value("a"));
    expect(provider.revision).toBe("2");
  });
});

test("applied changes are acknowledged to control and reported to OpenTelemetry as the contract has it", async () => {
  const exporter = new InMemoryLogRecordExporter();
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }),
  );
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const control = await startControl();
  const { provider, ready, clock } = follow(control);
  closers.push(() => provider.onClose());
  await ready;
  control.set("a", onOff("on"));
  await until("it is on", () => provider.revision === "2");
  await tickUntil(
    "it is acknowledged",
    clock,
    () => control.last("applied")?.body === '{"revision":"2","instance":"instance-1"}',
  );
  control.cutStreams();
  await tickUntil("the stream is back", clock, () => control.count("stream") === 2);
  await reader.forceFlush();
  const names = metricExporter
    .getMetrics()
    .flatMap((resource) =>
      resource.scopeMetrics.flatMap((scope) => scope.metrics.map((metric) => metric.descriptor.name)),
    );
  expect(names.sort()).toEqual([
    "feature_flag.propagation.duration",
    "feature_flag.ruleset.age",
    "feature_flag.sync.failures",
  ]);

  const contract = JSON.parse(
    readFileSync(new URL("../contracts/applied.json", import.meta.url), "utf8"),
  ) as { schema: object };
  const validate = new Ajv({ strict: false }).compile(contract.schema);
  const [record] = exporter.getFinishedLogRecords();
  const sent = { eventName: record?.eventName, attributes: record?.attributes };
  expect(validate(sent) ? [] : validate.errors).toEqual([]);
  expect(sent.attributes).toMatchObject({
    "feature_flag.change.id": "change-2",
    "feature_flag.version": "2",
  });
  logs.disable();
  metrics.disable();
});
