import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FlagspanWebProvider, type FlagspanWebProviderOptions } from "@flagspan/provider/web";
import { withOverrides } from "@flagspan/provider/testing";
import { ProviderEvents } from "@openfeature/web-sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleForBrowser, gzippedBytes } from "../browser/bundle.ts";
import { until } from "./until.ts";

interface Asked {
  readonly etag: string | undefined;
  readonly targetingKey: string;
  readonly answer: () => void;
}

/** An OFREP server whose answers a test may hold back; it names the user in a flag. */
let server: Server;
let asked: Asked[] = [];
let held = false;
let status = 200;
const providers: FlagspanWebProvider[] = [];

function answer(request: IncomingMessage, response: ServerResponse, user: string): void {
  const etag = `"for-${user}"`;
  if (status !== 200) response.writeHead(status).end();
  else if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
  else {
    const flags = [
      { key: "user", value: user, variant: "one", reason: "TARGETING_MATCH", metadata: { version: "3" } },
      { key: "number", value: 3, reason: "STATIC" },
      { key: "default", reason: "DEFAULT" },
      { key: "broken", errorCode: "PARSE_ERROR", errorDetails: "no such operator" },
    ];
    response.writeHead(200, { etag, "content-type": "application/json" }).end(JSON.stringify({ flags }));
  }
}

beforeEach(async () => {
  asked = [];
  held = false;
  status = 200;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { targetingKey } = (JSON.parse(body) as { context: { targetingKey: string } }).context;
      const reply = (): void => answer(request, response, targetingKey);
      asked.push({ etag: request.headers["if-none-match"], targetingKey, answer: reply });
      if (!held) reply();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.onClose()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function memoryStorage(): Storage {
  const entries = new Map<string, string>();
  return {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
    clear: () => entries.clear(),
    key: (index: number) => [...entries.keys()][index] ?? null,
    get length() {
      return entries.size;
    },
  };
}

function create(options: Partial<FlagspanWebProviderOptions> = {}): FlagspanWebProvider {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new FlagspanWebProvider({ url, stream: false, cache: "off", ...options });
  providers.push(provider);
  return provider;
}

test("the web entry weighs at most 6 kB, minified and gzipped, peers apart", async () => {
  const text = await bundleForBrowser(
    { text: 'export { FlagspanWebProvider } from "@flagspan/provider/web";' },
    { minify: true, external: ["@openfeature/*"] },
  );
  expect(gzippedBytes(text)).toBeLessThanOrEqual(6000);
});

test("overrides in a page bring nothing of the server into it", async () => {
  const text = await bundleForBrowser(
    { text: 'export { withOverrides } from "@flagspan/provider/overrides";' },
    { minify: true, external: ["@openfeature/*"] },
  );
  expect(text).not.toMatch(/node:|undici|server-sdk/u);
  expect(gzippedBytes(text)).toBeLessThanOrEqual(1500);
});

describe("answers", () => {
  test("values, defaults, failures, unknown flags and other types each have their details", async () => {
    const provider = create();
    expect(provider.resolveStringEvaluation("user", "none")).toMatchObject({
      value: "none",
      errorCode: "PROVIDER_NOT_READY",
    });
    await provider.initialize({ targetingKey: "ann" });
    expect(provider.resolveStringEvaluation("user", "none")).toEqual({
      value: "ann",
      variant: "one",
      reason: "TARGETING_MATCH",
      flagMetadata: { version: "3" },
    });
    expect(provider.resolveBooleanEvaluation("default", true)).toMatchObject({
      value: true,
      reason: "DEFAULT",
    });
    expect(provider.resolveBooleanEvaluation("broken", true)).toMatchObject({
      value: true,
      errorCode: "PARSE_ERROR",
    });
    expect(provider.resolveBooleanEvaluation("missing", true)).toMatchObject({
      value: true,
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(provider.resolveStringEvaluation("number", "x")).toMatchObject({
      value: "x",
      errorCode: "TYPE_MISMATCH",
    });
  });

  test("an override says so, and leaves no trace of a rollout", async () => {
    const provider = withOverrides(create(), { flags: { user: "me", number: "wrong type" }, enabled: true });
    await provider.initialize({ targetingKey: "ann" });
    expect(provider.resolveStringEvaluation("user", "none")).toEqual({
      value: "me",
      variant: "override",
      reason: "OVERRIDE",
      flagMetadata: { version: "3", reason: "OVERRIDE" },
    });
    expect(provider.resolveNumberEvaluation("number", 0).value).toBe(3);
  });
});

describe("context changes", () => {
  test("the answer for an older context never counts, however late it comes", async () => {
    const provider = create();
    await provider.initialize({ targetingKey: "ann" });
    held = true;
    const toBob = provider.onContextChange({ targetingKey: "ann" }, { targetingKey: "bob" });
    await until("bob was asked for", () => asked.some((one) => one.targetingKey === "bob"));
    const toEve = provider.onContextChange({ targetingKey: "bob" }, { targetingKey: "eve" });
    await until("eve was asked for", () => asked.some((one) => one.targetingKey === "eve"));
    for (const one of asked.slice(1).toReversed()) one.answer();
    await Promise.all([toBob, toEve]);
    expect(provider.resolveStringEvaluation("user", "none").value).toBe("eve");
  });

  test("an equal context asks nothing and does not reconcile", async () => {
    const provider = create();
    await provider.initialize({ targetingKey: "ann" });
    expect(provider.onContextChange({ targetingKey: "ann" }, { targetingKey: "ann" })).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test("a change that fails rejects, and nobody is answered with another user's flags", async () => {
    const provider = create();
    await provider.initialize({ targetingKey: "ann" });
    status = 500;
    await expect(provider.onContextChange({ targetingKey: "ann" }, { targetingKey: "bob" })).rejects.toThrow(
      "500",
    );
    expect(provider.resolveStringEvaluation("user", "none").value).toBe("none");
  });
});

describe("kept answers", () => {
  test("make the next visit ready before the network, CACHED until it has confirmed them", async () => {
    const storage = memoryStorage();
    await create({ cache: "local-first", storage }).initialize({ targetingKey: "ann" });
    await until("they are kept", () => storage.length === 1);
    held = true;
    const second = create({ cache: "local-first", storage });
    await second.initialize({ targetingKey: "ann" });
    expect(second.resolveStringEvaluation("user", "none")).toMatchObject({ value: "ann", reason: "CACHED" });
    await until("it asked", () => asked.length === 2);
    expect(asked[1]?.etag).toBe('"for-ann"');
    asked[1]?.answer();
    await until(
      "it is confirmed",
      () => second.resolveStringEvaluation("user", "none").reason === "TARGETING_MATCH",
    );
  });

  test("are another user's, another key's and another domain's nowhere, and name nobody", async () => {
    const storage = memoryStorage();
    await create({ cache: "local-first", storage, key: "fs_1.secret" }).initialize(
      { targetingKey: "ann" },
      "shop",
    );
    await until("they are kept", () => storage.length === 1);
    expect(`${storage.key(0)}${storage.getItem(storage.key(0) ?? "")}`).not.toMatch(/fs_1|shop/u);
    expect(storage.key(0)).not.toContain("ann");
    held = true;
    for (const [key, user, domain] of [
      ["fs_1.secret", "bob", "shop"],
      ["fs_2.secret", "ann", "shop"],
      ["fs_1.secret", "ann", "blog"],
    ] as const) {
      const other = create({ cache: "local-first", storage, key });
      other.initialize({ targetingKey: user }, domain).catch(() => undefined);
      await until("it asked", () => asked.length >= 2);
      expect(other.resolveStringEvaluation("user", "none").value).toBe("none");
      asked.splice(1);
    }
  });

  test("network-first uses them when the server fails, and never when the credentials are refused", async () => {
    const storage = memoryStorage();
    await create({ cache: "network-first", storage }).initialize({ targetingKey: "ann" });
    await until("they are kept", () => storage.length === 1);
    status = 500;
    const failed = create({ cache: "network-first", storage, timeoutMs: 100 });
    await failed.initialize({ targetingKey: "ann" });
    expect(failed.resolveStringEvaluation("user", "none")).toMatchObject({ value: "ann", reason: "CACHED" });
    status = 401;
    const refused = create({ cache: "network-first", storage, timeoutMs: 5000 });
    await expect(refused.initialize({ targetingKey: "ann" })).rejects.toMatchObject({
      code: "PROVIDER_FATAL",
    });
    expect(refused.resolveStringEvaluation("user", "none").value).toBe("none");
  });

  test("disableNetwork sends nothing", async () => {
    const storage = memoryStorage();
    await create({ cache: "local-first", storage }).initialize({ targetingKey: "ann" });
    await until("they are kept", () => storage.length === 1);
    const offline = create({ cache: "local-first", storage, disableNetwork: true });
    await offline.initialize({ targetingKey: "ann" });
    expect(offline.resolveStringEvaluation("user", "none").value).toBe("ann");
    const empty = create({ disableNetwork: true });
    await empty.initialize({ targetingKey: "ann" });
    expect(empty.resolveStringEvaluation("user", "none").errorCode).toBe("FLAG_NOT_FOUND");
    expect(asked).toHaveLength(1);
  });
});

test("CONFIGURATION_CHANGED names exactly what differs, and polling, where asked for, finds it", async () => {
  const provider = create({ pollIntervalMs: 20, staleAfterMs: 60_000 });
  const changes: unknown[] = [];
  provider.events.addHandler(
    ProviderEvents.ConfigurationChanged,
    (details) => void changes.push(details?.flagsChanged),
  );
  await provider.initialize({ targetingKey: "ann" });
  await until("it asked again", () => asked.length > 2);
  expect(changes).toEqual([]);
  await provider.onContextChange({ targetingKey: "ann" }, { targetingKey: "bob" });
  expect(changes).toEqual([["user"]]);
});
