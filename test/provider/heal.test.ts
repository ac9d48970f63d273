import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  fileSource,
  FlagspanProvider,
  httpSource,
  type HttpSourceOptions,
  memorySource,
  type Source,
  systemClock,
} from "@flagspan/provider/server";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { OpenFeature, ProviderEvents, ServerProviderStatus } from "@openfeature/server-sdk";
import { afterEach, describe, expect, test } from "vitest";
import { follow, type Followed } from "./follow.ts";
import { manualClock, tickUntil } from "./manual-clock.ts";
import { answerStatus, onOff, SmallControl } from "./small-control.ts";
import { settle, until } from "./until.ts";

// Attempts to make a provider lie, hang or leak; each is something that happens to somebody one day.
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function startControl(flags?: ConstructorParameters<typeof SmallControl>[0]): Promise<SmallControl> {
  const control = await new SmallControl(flags).listen();
  closers.push(() => control.close());
  return control;
}

function start(control: SmallControl, options: Partial<HttpSourceOptions> = {}): Followed {
  const followed = follow(control, options);
  followed.ready.catch(() => undefined);
  closers.push(() => followed.provider.onClose());
  return followed;
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-heal-"));
  closers.push(() => rm(folder, { recursive: true }));
  return folder;
}

/** The failures a source told, with nothing else around it. */
function listFailures(wanted: Source): string[] {
  const failures: string[] = [];
  const source = wanted.open(
    { update: () => undefined, link: () => undefined, failure: ({ message }) => void failures.push(message) },
    { clock: systemClock, random: Math.random, instance: "instance-1" },
  );
  closers.push(() => source.close());
  return failures;
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Collects the provider's metrics; answers the failures by type and the age of the ruleset. */
function meter(): () => Promise<{ failures: Record<string, number>; ageS: number | undefined }> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  closers.push(() => Promise.resolve(metrics.disable()));
  return async () => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const points = (name: string): { attributes: object; value: unknown }[] =>
      all.filter(({ descriptor }) => descriptor.name === name).flatMap(({ dataPoints }) => dataPoints);
    const failures: Record<string, number> = {};
    for (const { attributes, value } of points("feature_flag.sync.failures")) {
      failures[(attributes as { "error.type": string })["error.type"]] = value as number;
    }
    return { failures, ageS: points("feature_flag.ruleset.age")[0]?.value as number | undefined };
  };
}

describe("a patch that says what it leads to", () => {
  test("is checked a moment later: damage is counted and repaired by the whole, at the same revision", async () => {
    const read = meter();
    const control = await startControl();
    const { clock, ready, provider, value, events } = start(control);
    await ready;
    control.revision = 2;
    control.flags["a"] = onOff("off");
    const patch = { from: "1", to: "2", flags: { a: onOff("on") }, sha256: hashOf(control.body) };
    control.send(`event: patch\nid: 2\ndata: ${JSON.stringify(patch)}\n\n`);
    await until("the damage is done", () => value("a"));
    expect(control.count("ruleset")).toBe(0);
    clock.advance(200);
    await until("it is repaired", () => !value("a"));
    expect(provider.revision).toBe("2");
    expect(control.count("ruleset")).toBe(1);
    expect(events.at(-1)).toEqual({ type: ProviderEvents.ConfigurationChanged, flagsChanged: ["a"] });
    expect((await read()).failures).toEqual({ "invalid-data": 1 });
  });

  test("and leads to it costs no request; only the latest of a burst is checked", async () => {
    const control = await startControl();
    const { clock, ready, value } = start(control);
    await ready;
    for (let to = 2; to <= 5; to++) {
      control.revision = to;
      control.flags["a"] = onOff(to % 2 === 0 ? "off" : "on");
      const sha256 = to === 5 ? hashOf(control.body) : "0".repeat(64);
      const patch = { from: String(to - 1), to: String(to), flags: { a: control.flags["a"] }, sha256 };
      control.send(`event: patch\nid: ${to}\ndata: ${JSON.stringify(patch)}\n\n`);
    }
    await until("all have arrived", () => value("a"));
    clock.advance(10_000);
    await settle();
    expect(control.count("ruleset")).toBe(0);
  });

  test("wrongly, again and again, costs one fetch each, and no answer changes", async () => {
    const control = await startControl();
    const { clock, ready, provider, events } = start(control);
    await ready;
    for (let to = 2; to <= 3; to++) {
      control.revision = to;
      const patch = { from: String(to - 1), to: String(to), flags: {}, sha256: "0".repeat(64) };
      control.send(`event: patch\nid: ${to}\ndata: ${JSON.stringify(patch)}\n\n`);
      await until("it has arrived", () => provider.revision === String(to));
      clock.advance(200);
      await until("it asked", () => control.count("ruleset") === to - 1);
      await settle();
    }
    clock.advance(30_000);
    await settle();
    expect(control.count("ruleset")).toBe(2);
    expect(events).toEqual([]);
  });
});

describe("a control that was restored from an older backup", () => {
  test("is not followed backwards: STALE says why; equal numbers of another history do not mix; the first newer whole is taken", async () => {
    const read = meter();
    const control = await startControl({ a: onOff("on"), b: onOff("off") });
    control.revision = 60;
    const { clock, ready, provider, events, value } = start(control);
    const messages: (string | undefined)[] = [];
    provider.events.addHandler(ProviderEvents.Stale, (details) => void messages.push(details?.message));
    await ready;
    const { port } = control;
    await control.close();

    const restored = await new SmallControl({ a: onOff("off"), b: onOff("on") }).listen(port);
    closers.push(() => restored.close());
    restored.revision = 58;
    await tickUntil("it is stale", clock, () => events.length > 0);
    await tickUntil("the restored one was heard", clock, () => restored.streams.size === 1);
    await tickUntil("it is stale for good", clock, () => messages.length > 0);
    expect([provider.revision, value("a"), value("b")]).toEqual(["60", true, false]);

    restored.set("c", onOff("on"));
    restored.set("d", onOff("on"));
    await settle();
    expect(provider.revision).toBe("60");
    // The same number, other contents: the whole is fetched, and its verified bytes are believed.
    await tickUntil("its 60 is taken", clock, () => value("b"));
    restored.set("e", onOff("on"));
    await tickUntil("its 61 is taken", clock, () => value("e"));
    expect([provider.revision, value("a"), value("c"), value("d")]).toEqual(["61", false, true, true]);
    await tickUntil("it is ready again", clock, () => events.at(-1)?.type !== ProviderEvents.Stale);
    expect((await read()).ageS).toBe(0);
  });

  test("to the very number that is held goes on streaming, and is seen through within a minute", async () => {
    const control = await startControl({ a: onOff("on") });
    control.revision = 60;
    const { clock, ready, provider, value } = start(control);
    await ready;
    const { port } = control;
    await control.close();
    const restored = await new SmallControl({ a: onOff("off") }).listen(port);
    closers.push(() => restored.close());
    restored.revision = 60;
    await tickUntil("the stream is back", clock, () => restored.streams.size === 1);
    const backAtMs = clock.monotonic();
    expect([provider.revision, value("a")]).toEqual(["60", true]);
    await tickUntil("the difference is seen", clock, () => !value("a"));
    expect(clock.monotonic() - backAtMs).toBeLessThanOrEqual(60_000);
    expect(provider.revision).toBe("60");
  });

  test("is named in the STALE message, with what to do about it", async () => {
    const control = await startControl();
    control.revision = 60;
    const cacheDir = await createFolder();
    const first = start(control, { cacheDir });
    await first.ready;
    await first.provider.onClose();
    control.revision = 2;
    const second = start(control, { cacheDir });
    const messages: (string | undefined)[] = [];
    second.provider.events.addHandler(
      ProviderEvents.Stale,
      (details) => void messages.push(details?.message),
    );
    await second.ready;
    await tickUntil("it is stale", second.clock, () => messages.length > 0);
    expect(second.provider.revision).toBe("60");
    expect(messages[0]).toMatch(
      /revision 60\) keeps answering.*offers an older revision than 60.*empty cacheDir/u,
    );
  });
});

describe("what is not the link's fault leaves the link alone", () => {
  test("a cache that cannot be written is counted as disk, and neither ages the ruleset nor explains anything else", async () => {
    const read = meter();
    const control = await startControl();
    const blocked = join(await createFolder(), "file");
    await writeFile(blocked, "");
    const { clock, ready, events } = start(control, { cacheDir: join(blocked, "below") });
    await ready;
    clock.advance(1000);
    await until("the disk has refused", async () => (await read()).failures["disk"] === 1);
    clock.advance(600);
    expect((await read()).ageS).toBe(0);
    expect(events).toEqual([]);
  });

  test("patches that a fetch has overtaken are no failures", async () => {
    const read = meter();
    const control = await startControl();
    const { ready, provider, value } = start(control);
    await ready;
    control.revision = 8;
    control.set("b", onOff("on"));
    await until("the gap is closed", () => value("b"));
    const late = { from: "7", to: "8", flags: { b: null } };
    control.send(`event: patch\nid: 8\ndata: ${JSON.stringify(late)}\n\n`);
    control.set("a", onOff("on"));
    await until("the next one counts", () => value("a"));
    expect(provider.revision).toBe("10");
    expect((await read()).failures).toEqual({});
  });
});

describe("lives that overlap", () => {
  test("a provider closed in the instant it was started opens nothing", async () => {
    const control = await startControl();
    const { provider, ready } = start(control);
    await provider.onClose();
    await expect(ready).rejects.toThrow("was closed");
    await settle();
    expect([control.asked.length, control.streams.size]).toEqual([0, 0]);
  });

  test("two starts at once leave one stream, and the older one is told", async () => {
    const control = await startControl();
    const { provider, ready } = start(control);
    const again = provider.initialize();
    await expect(ready).rejects.toThrow("was closed");
    await again;
    await settle();
    expect(control.streams.size).toBe(1);
    await provider.onClose();
    await until("no stream is left", () => control.streams.size === 0);
  });

  test("a hundred providers on one cache directory are independent, and leave it whole", async () => {
    const control = await startControl();
    const cacheDir = await createFolder();
    const options = { url: control.url, set: "shop", cacheDir };
    const providers = Array.from({ length: 100 }, () => new FlagspanProvider(options));
    closers.push(() => Promise.all(providers.map((provider) => provider.onClose())));
    await Promise.all(providers.map((provider) => provider.initialize()));
    await providers[0]?.onClose();
    control.set("a", onOff("on"));
    await until("all others follow", () =>
      providers.slice(1).every((provider) => provider.evaluateSync("a", false).value),
    );
    expect(providers[0]?.evaluateSync("a", true).value).toBe(false);
    await Promise.all(providers.map((provider) => provider.onClose()));
    expect((await readdir(cacheDir)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    control.always.stream = answerStatus(503);
    control.always.ruleset = answerStatus(503);
    const later = new FlagspanProvider(options);
    closers.push(() => later.onClose());
    await later.initialize();
    expect(later.evaluateSync("a", false).value).toBe(true);
  });

  test.each([
    ["empty", ""],
    ["of another program", '{"flagspan":2}\n{}'],
    ["of a lying header", `{"flagspan":1,"sha256":"${hashOf("{}")}"}\n{}`],
  ])("a kept ruleset that is %s starts from the network", async (_what, content) => {
    const control = await startControl({ a: onOff("on") });
    const cacheDir = await createFolder();
    const first = start(control, { cacheDir });
    await first.ready;
    await first.provider.onClose();
    for (const name of await readdir(cacheDir)) await writeFile(join(cacheDir, name), content);
    const second = start(control, { cacheDir });
    await second.ready;
    expect(second.value("a")).toBe(true);
  });
});

describe("bodies", () => {
  test("a gzip bomb is refused without being unpacked", async () => {
    const control = await startControl();
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    control.always.ruleset = (_request, response) => {
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      response.writeHead(200, headers).end(bomb);
    };
    const options = { url: control.url, set: "shop", stream: false, maxBytes: 1024 * 1024 };
    const failures = listFailures(httpSource(options));
    await until("it is refused", () => failures.length > 0);
    expect(failures[0]).toContain("the gzip body cannot be read");
  });

  test("a compressed stream, which nobody asked for, is not one", async () => {
    const control = await startControl({ a: onOff("on") });
    control.always.stream = (_request, response) => {
      const headers = { "content-type": "text/event-stream", "content-encoding": "gzip" };
      response.writeHead(200, headers).write(gzipSync(control.snapshot()));
    };
    const { clock, ready, value } = start(control);
    await until("the stream is refused", () => clock.delays.includes(0));
    clock.advance(0);
    await ready;
    expect(value("a")).toBe(true);
  });

  test("a stream that lives and says nothing does not keep the ruleset away", async () => {
    const control = await startControl({ a: onOff("on") });
    control.always.stream = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": ping\n\n: ping\n\n");
    };
    const { ready, value } = start(control);
    await ready;
    expect(value("a")).toBe(true);
  });

  test("an endpoint whose ETag looks like a SHA-256 and is none is followed, and so is a file whose version stays", async () => {
    const control = await startControl();
    let variant: "on" | "off" = "off";
    control.always.ruleset = (_request, response) => {
      const headers = { etag: `"${hashOf(`salt ${variant}`)}"`, "content-type": "text/plain" };
      const document = { flags: { a: onOff(variant) }, metadata: { version: "1" } };
      response.writeHead(200, headers).end(JSON.stringify(document));
    };
    const { clock, ready, value, provider } = start(control, {
      url: `${control.url}/flags.json`,
      set: undefined as never,
    });
    await ready;
    variant = "on";
    await tickUntil("it is followed", clock, () => value("a"));
    expect(provider.revision).toBe("1");
  });

  test("a ruleset of 20,000 flags is taken whole and by patches", async () => {
    const flags = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`flag-${i}`, onOff("on")]));
    const control = await startControl(flags);
    const { ready, value } = start(control);
    await ready;
    control.set("flag-9", onOff("off"));
    await until("the patch has arrived", () => !value("flag-9"));
    expect(value("flag-19999")).toBe(true);
  });
});

test("a refused key in the middle of a stream's life: STALE, ERROR, the last ruleset throughout, and healed by itself", async () => {
  const control = await startControl({ a: onOff("on") });
  const { clock, ready, events, value } = start(control);
  await ready;
  control.always.stream = answerStatus(403);
  control.always.ruleset = answerStatus(403);
  control.cutStreams();
  await tickUntil("it is in error", clock, () => events.at(-1)?.type === ProviderEvents.Error);
  expect(value("a")).toBe(true);
  delete control.always.stream;
  delete control.always.ruleset;
  await tickUntil("it has healed", clock, () => events.at(-1)?.type === ProviderEvents.Ready);
  expect(events.map(({ type }) => type)).toEqual([
    ProviderEvents.Stale,
    ProviderEvents.Error,
    ProviderEvents.Ready,
  ]);
});

test("through the SDK, a key that is refused at the start is FATAL with defaults, and READY with answers once it is accepted", async () => {
  const control = await startControl({ a: onOff("on") });
  control.always.stream = answerStatus(401);
  const clock = manualClock();
  const source = httpSource({ url: control.url, set: "shop" });
  const domain = "refused";
  closers.push(() => OpenFeature.clearProviders());
  const started = OpenFeature.setProviderAndWait(
    domain,
    new FlagspanProvider({ source, clock, random: () => 0.5 }),
  );
  await expect(started).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
  const client = OpenFeature.getClient(domain);
  expect([client.providerStatus, await client.getBooleanValue("a", false)]).toEqual(["FATAL", false]);
  delete control.always.stream;
  await tickUntil("it has healed", clock, () => control.streams.size === 1);
  await until("it is ready", () => client.providerStatus === ServerProviderStatus.READY);
  expect(await client.getBooleanValue("a", false)).toBe(true);
});

test("a set that is renamed is a 404: the last ruleset answers, STALE says so, and its return is seen within half a minute", async () => {
  const control = await startControl({ a: onOff("on") });
  const { clock, ready, events, value, provider } = start(control);
  const messages: (string | undefined)[] = [];
  provider.events.addHandler(ProviderEvents.Stale, (details) => void messages.push(details?.message));
  await ready;
  control.always.stream = answerStatus(404);
  control.always.ruleset = answerStatus(404);
  control.cutStreams();
  await tickUntil("it is stale", clock, () => messages.length > 0);
  expect([value("a"), messages[0]?.includes("answered HTTP 404")]).toEqual([true, true]);
  await tickUntil("it has been away for minutes", clock, () => clock.monotonic() > 200_000);
  const backAtMs = clock.monotonic();
  delete control.always.stream;
  delete control.always.ruleset;
  await tickUntil("it is ready", clock, () => events.at(-1)?.type === "PROVIDER_READY");
  expect(clock.monotonic() - backAtMs).toBeLessThanOrEqual(30_000);
});

test("a wall clock that jumps a day either way delays nothing", async () => {
  const control = await startControl();
  let jumpMs = 0;
  const followed = follow(control);
  closers.push(() => followed.provider.onClose());
  await followed.ready;
  const { clock } = followed;
  const jumping = { ...clock, now: () => clock.now() + jumpMs };
  const source = httpSource({ url: control.url, set: "shop" });
  const provider = new FlagspanProvider({ source, clock: jumping, random: () => 0.5 });
  closers.push(() => provider.onClose());
  await provider.initialize();
  for (jumpMs of [86_400_000, -86_400_000]) {
    control.cutStreams();
    await until("the streams are lost", () => control.streams.size === 0);
    await tickUntil("both are back", clock, () => control.streams.size === 2);
  }
  expect(clock.monotonic()).toBeLessThan(60_000);
});

test("a YAML file is refused by a message that says how to convert it; JSON by that name is fine", async () => {
  const path = join(await createFolder(), "flags.yaml");
  await writeFile(path, "flags:\n  a:\n    state: ENABLED\n");
  const failures = listFailures(fileSource(path));
  await until("it is refused", () => failures.length > 0);
  const target = path.replace(".yaml", ".json");
  expect(failures[0]).toContain(`"npx yaml --json --single < ${path} > ${target}"`);
  expect(failures[0]).toContain(`"flagspan check ${target}"`);
  await writeFile(path, JSON.stringify({ flags: { a: onOff("on") } }));
  const provider = new FlagspanProvider({ source: fileSource(path) });
  closers.push(() => provider.onClose());
  await provider.initialize();
  expect(provider.evaluateSync("a", false).value).toBe(true);
});

test("closing leaves no timer of a source behind", async () => {
  const control = await startControl();
  const { clock, ready, provider } = start(control, { cacheDir: await createFolder() });
  await ready;
  control.set("a", onOff("on"));
  await until("the patch has arrived", () => provider.revision === "2");
  await provider.onClose();
  expect(clock.delays).toEqual([]);
});

test("a memory source that is fed from a CONFIGURATION_CHANGED handler does not tangle", async () => {
  const source = memorySource({ flags: { a: onOff("off"), b: onOff("off") } });
  const provider = new FlagspanProvider({ source });
  closers.push(() => provider.onClose());
  await provider.initialize();
  const heard: unknown[] = [];
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, (details) => {
    heard.push(details?.["flagsChanged"]);
    if (heard.length === 1) source.set({ flags: { a: onOff("on"), b: onOff("on") } });
  });
  source.set({ flags: { a: onOff("on"), b: onOff("off") } });
  await until("both are heard", () => heard.length === 2);
  expect(heard).toEqual([["a"], ["b"]]);
  expect(provider.evaluateSync("b", false).value).toBe(true);
});
