import { FlagspanWebProvider, type FlagspanWebProviderOptions } from "@flagspan/provider/web";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "undici";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { manualClock } from "./manual-clock.ts";
import { SmallOfrep } from "./small-ofrep.ts";
import { settle, until } from "./until.ts";

// Users who come, go and change, on a network and in a storage that do what they like.
let server: SmallOfrep;
const providers: FlagspanWebProvider[] = [];
beforeEach(async () => {
  OpenFeature.setLogger({ error: () => {}, warn: () => {}, info: () => {}, debug: () => {} });
  server = await new SmallOfrep().listen();
});
afterEach(async () => {
  await OpenFeature.clearProviders();
  await OpenFeature.clearContexts();
  await Promise.all(providers.splice(0).map((provider) => provider.onClose()));
  vi.unstubAllGlobals();
  await server.close();
});

function create(options: Partial<FlagspanWebProviderOptions> = {}): FlagspanWebProvider {
  const provider = new FlagspanWebProvider({ url: server.url, stream: false, cache: "off", ...options });
  providers.push(provider);
  return provider;
}

type Entries = Map<string, string>;
const storageOf = (entries: Entries): NonNullable<FlagspanWebProviderOptions["storage"]> => ({
  getItem: (key) => entries.get(key) ?? null,
  setItem: (key, value) => void entries.set(key, value),
  removeItem: (key) => void entries.delete(key),
});

const ann = { targetingKey: "ann" };
const bob = { targetingKey: "bob" };
const user = (provider: FlagspanWebProvider): string =>
  provider.resolveStringEvaluation("user", "none").value;

/** Leaves ann's answers in a storage, as an earlier visit would have. */
async function keep(entries: Entries, context: object = ann): Promise<void> {
  const before = entries.size;
  const visit = create({ cache: "local-first", storage: storageOf(entries) });
  await visit.initialize(context);
  await until("the answers are kept", () => entries.size > before);
  await visit.onClose();
  server.asked.length = 0;
}

function record(provider: FlagspanWebProvider): string[] {
  const events: string[] = [];
  for (const type of Object.values(ProviderEvents)) {
    provider.events.addHandler(type, () => void events.push(type));
  }
  return events;
}

describe("through the SDK", () => {
  test("a context set while the provider starts neither hangs the start nor loses", async () => {
    await OpenFeature.setContext(ann);
    const entries: Entries = new Map();
    const provider = create({ cache: "local-first", storage: storageOf(entries) });
    const started = OpenFeature.setProviderAndWait(provider);
    await OpenFeature.setContext(bob);
    await started;
    expect(OpenFeature.getClient().getStringValue("user", "none")).toBe("bob");
  });

  test("a storm of contexts ends with the last, and what was overtaken is given up", async () => {
    await OpenFeature.setProviderAndWait(create());
    server.isHeld = true;
    const changes: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      changes.push(OpenFeature.setContext({ targetingKey: `user-${i}` }));
      await until("it was asked for", () => server.asked.length === i + 2);
    }
    for (const asked of server.asked.slice(1)) asked.answer();
    await Promise.all(changes);
    expect(OpenFeature.getClient().getStringValue("user", "none")).toBe("user-19");
    expect(server.asked.slice(1, -1).every(({ aborted }) => aborted)).toBe(true);
  });

  test("a change that fails is ERROR, and READY when the answers come after all", async () => {
    const clock = manualClock();
    await OpenFeature.setContext(ann);
    await OpenFeature.setProviderAndWait(create({ clock, random: () => 0.5 }));
    const client = OpenFeature.getClient();
    server.status = 500;
    await OpenFeature.setContext(bob);
    expect([client.providerStatus, client.getStringValue("user", "none")]).toEqual(["ERROR", "none"]);
    server.status = 200;
    clock.advance(500);
    await until("bob is answered", () => client.getStringValue("user", "none") === "bob");
    expect(client.providerStatus).toBe("READY");
  });

  test("logging out shows nobody's answers, even where the network is gone and a cache is there", async () => {
    const entries: Entries = new Map();
    await keep(entries);
    server.status = 503;
    await OpenFeature.setContext(ann);
    await OpenFeature.setProviderAndWait(create({ cache: "local-first", storage: storageOf(entries) }));
    const client = OpenFeature.getClient();
    expect(client.getStringDetails("user", "none")).toMatchObject({ value: "ann", reason: "CACHED" });
    await OpenFeature.clearContext();
    expect(client.getStringValue("user", "none")).toBe("none");
    await OpenFeature.setContext(ann);
    expect(client.getStringDetails("user", "none")).toMatchObject({ value: "ann", reason: "CACHED" });
    expect(client.providerStatus).toBe("READY");
  });
});

describe("lifecycles", () => {
  test.each([
    ["sdk", []],
    [
      "spec-0.9",
      ["PROVIDER_RECONCILING", "PROVIDER_CONTEXT_CHANGED", "PROVIDER_RECONCILING", "PROVIDER_ERROR"],
    ],
  ] as const)("under %s, a context change emits %j by itself", async (lifecycle, wanted) => {
    const provider = create({ lifecycle });
    const events = record(provider);
    await provider.initialize(ann);
    expect(events.splice(0)).toEqual(lifecycle === "sdk" ? [] : ["PROVIDER_READY"]);
    await provider.onContextChange(ann, bob);
    server.status = 500;
    await expect(provider.onContextChange(bob, ann)).rejects.toThrow("500");
    expect(events.filter((type) => type !== "PROVIDER_CONFIGURATION_CHANGED")).toEqual(wanted);
  });

  test("closed in the instant it was started, it asks nothing and the start is rejected", async () => {
    const provider = create({ cache: "local-first", storage: storageOf(new Map()) });
    const started = provider.initialize(ann);
    await provider.onClose();
    await expect(started).rejects.toThrow("was closed");
    await settle();
    expect(server.asked).toEqual([]);
  });
});

describe("what is kept", () => {
  test("for another context of the same user is shown, but never confirmed by its ETag", async () => {
    const entries: Entries = new Map();
    await keep(entries, { ...ann, plan: "gold" });
    server.isHeld = true;
    const provider = create({ cache: "local-first", storage: storageOf(entries) });
    await provider.initialize({ ...ann, plan: "free" });
    expect(provider.resolveStringEvaluation("plan", "none")).toMatchObject({
      value: "gold",
      reason: "CACHED",
    });
    await until("it asked", () => server.asked.length === 1);
    expect(server.asked[0]?.etag).toBeUndefined();
    server.asked[0]?.answer();
    await until("it is answered", () => provider.resolveStringEvaluation("plan", "none").value === "free");
  });

  test.each([
    ["no JSON", "{torn"],
    ["null", "null"],
    ["a number", "7"],
    ["flags of another type", '{"flags":7,"savedAt":1767225600000}'],
    ["broken entries", '{"flags":[null,7,{"key":3},{}],"savedAt":1767225600000}'],
    ["from the future", '{"flags":[{"key":"user","value":"old"}],"savedAt":9767225600000}'],
    ["too old", '{"flags":[{"key":"user","value":"old"}],"savedAt":1}'],
  ])("and is %s does no harm", async (_what, text) => {
    const entries: Entries = new Map();
    await keep(entries);
    for (const key of entries.keys()) entries.set(key, text);
    const provider = create({ cache: "local-first", storage: storageOf(entries), clock: manualClock() });
    await provider.initialize(ann);
    await until("it is answered", () => user(provider) === "ann");
    expect(provider.resolveStringEvaluation("user", "none").reason).toBe("TARGETING_MATCH");
  });

  const refuse = (): never => {
    throw new DOMException("no", "QuotaExceededError");
  };
  test.each([
    ["full", { ...storageOf(new Map()), setItem: refuse }],
    ["forbidden", { getItem: refuse, setItem: refuse, removeItem: refuse }],
  ])("in a storage that is %s costs the cache and nothing else", async (_what, storage) => {
    const provider = create({ cache: "local-first", storage });
    await provider.initialize(ann);
    await provider.onContextChange(ann, bob);
    expect(user(provider)).toBe("bob");
  });

  test("and whose storage throws when it is named costs nothing either", async () => {
    vi.stubGlobal("localStorage", undefined);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get: refuse });
    const provider = create({ cache: "local-first" });
    await provider.initialize(ann);
    expect(user(provider)).toBe("ann");
  });

  test("is all there is without network, each user's own", async () => {
    const entries: Entries = new Map();
    await keep(entries);
    const provider = create({ cache: "network-first", storage: storageOf(entries), disableNetwork: true });
    await provider.initialize(ann);
    expect(provider.resolveStringEvaluation("user", "none")).toMatchObject({
      value: "ann",
      reason: "CACHED",
    });
    await provider.onContextChange(ann, bob);
    expect(user(provider)).toBe("none");
    await provider.onContextChange(bob, ann);
    expect(user(provider)).toBe("ann");
    expect(server.asked).toEqual([]);
  });

  test("stands in for a server that never answers, once the time is up", async () => {
    const entries: Entries = new Map();
    await keep(entries);
    server.isHeld = true;
    const options = { cache: "network-first", storage: storageOf(entries), timeoutMs: 100 } as const;
    const provider = create(options);
    await provider.initialize(ann);
    expect(provider.resolveStringEvaluation("user", "none")).toMatchObject({
      value: "ann",
      reason: "CACHED",
    });
  });
});

test("a page that stays hidden gives its stream back, and asks and listens again when it is shown", async () => {
  vi.stubGlobal("EventSource", EventSource);
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("document", page);
  const show = (visibilityState: string): void => {
    page.visibilityState = visibilityState;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  server.offersStream = true;
  const clock = manualClock();
  const provider = create({ stream: true, clock });
  await provider.initialize(ann);
  await until("it listens", () => server.streams.size === 1);
  await until("it has asked again after connecting", () => server.asked.length === 2);
  show("hidden");
  clock.advance(6999);
  show("visible");
  show("hidden");
  await until("being shown asked", () => server.asked.length === 3);
  clock.advance(6999);
  expect(server.streams.size).toBe(1);
  clock.advance(1);
  await until("the stream is given back", () => server.streams.size === 0);
  const before = server.asked.length;
  show("visible");
  await until("it listens again", () => server.streams.size === 1);
  expect(server.asked.length).toBeGreaterThan(before);
  await provider.onClose();
  await until("the stream is closed", () => server.streams.size === 0);
  const asked = server.asked.length;
  show("visible");
  await settle();
  expect(server.asked).toHaveLength(asked);
});
