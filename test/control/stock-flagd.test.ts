import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";

import { FlagdProvider } from "@openfeature/flagd-provider";
import { OpenFeature, ProviderEvents } from "@openfeature/server-sdk";
import { afterAll, describe, expect, it } from "vitest";

import { startControl } from "./start.ts";

afterAll(() => OpenFeature.close());

describe("the stock flagd provider, in-process over gRPC sync", () => {
  it("evaluates control's ruleset itself and follows a change", async () => {
    const { control, ask } = await startControl({ anonymous: { scopes: ["sync"], sets: ["shop.prod"] } });
    const { port } = await control.listenGrpc({ port: 0 });
    const provider = new FlagdProvider({
      host: "127.0.0.1",
      port,
      tls: false,
      resolverType: "in-process",
      selector: "flagSetId=shop.prod",
    });
    await OpenFeature.setProviderAndWait("flagd", provider);
    const client = OpenFeature.getClient("flagd");
    const inside = { targetingKey: "u", email: "a@corp.example" };
    expect(await client.getBooleanDetails("dark-mode", false, inside)).toMatchObject({
      value: true,
      variant: "on",
      reason: "TARGETING_MATCH",
    });
    expect(await client.getStringValue("banner", "-")).toBe("A");

    const changed = new Promise((resolve) => client.addHandler(ProviderEvents.ConfigurationChanged, resolve));
    await ask("PATCH", "/v1/flags/shop.prod/banner", {
      body: { flag: { defaultVariant: "b" }, reason: "toggle" },
    });
    await changed;
    expect(await client.getStringValue("banner", "-")).toBe("B");
    await OpenFeature.clearProviders();
  });

  it("is turned away without a key where nobody may sync without one", async () => {
    const { control } = await startControl();
    const { port } = await control.listenGrpc({ port: 0 });
    const provider = new FlagdProvider({
      host: "127.0.0.1",
      port,
      tls: false,
      resolverType: "in-process",
      deadlineMs: 500,
    });
    await expect(OpenFeature.setProviderAndWait("refused", provider)).rejects.toThrow();
    await OpenFeature.clearProviders();
  });
});

/** Opens `SyncFlags` as any gRPC client does, but reads only when told to. */
function openSyncFlags(port: number, key?: string): ClientHttp2Stream {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 65_535 } });
  sessions.push(session);
  const stream = session.request({
    ":method": "POST",
    ":path": "/flagd.sync.v1.FlagSyncService/SyncFlags",
    "content-type": "application/grpc",
    te: "trailers",
    "flagd-selector": "flagSetId=shop.prod",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  });
  stream.end(Buffer.alloc(5));
  return stream;
}

const sessions: ClientHttp2Session[] = [];
afterAll(() => {
  for (const session of sessions) session.destroy();
});

describe("the gRPC sync service", () => {
  it("holds one message for a client that does not read, not all of them, and then tells it the newest", async () => {
    const { control, ask, keys } = await startControl();
    const { port } = await control.listenGrpc({ port: 0 });
    const stream = openSyncFlags(port, keys.sync);
    stream.pause();
    const changes = 40;
    for (let index = 0; index < changes; index += 1) {
      const variants = { a: `${index}`, b: "x".repeat(100_000) };
      await ask("PATCH", "/v1/flags/shop.prod/banner", {
        body: { flag: { variants }, reason: "slow reader" },
      });
    }
    const seen: string[] = [];
    let pending = Buffer.alloc(0);
    const newest = new Promise<void>((resolve) => {
      stream.on("data", (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
          const message = pending.subarray(5, 5 + pending.readUInt32BE(1)).toString("utf8");
          pending = pending.subarray(5 + pending.readUInt32BE(1));
          seen.push(/"version":"(\d+)"/.exec(message)?.[1] ?? "");
          if (seen.at(-1) === String(changes + 1)) resolve();
        }
      });
    });
    stream.resume();
    await newest;
    expect(seen.length).toBeLessThan(changes / 2);
    expect(seen).toEqual([...seen].sort((a, b) => Number(a) - Number(b)));
  });

  it.each([
    { who: "nobody", code: "16" },
    { who: "a key without the scope", code: "7" },
  ])("tells $who apart by status $code", async ({ who, code }) => {
    const { control, keys } = await startControl();
    const { port } = await control.listenGrpc({ port: 0 });
    const stream = openSyncFlags(port, who === "nobody" ? undefined : keys.evaluate);
    const status = await new Promise((resolve) => {
      const read = (headers: Record<string, unknown>): void => {
        if (headers["grpc-status"] !== undefined) resolve(headers["grpc-status"]);
      };
      stream.on("response", read);
      stream.on("trailers", read);
      stream.resume();
    });
    expect(status).toBe(code);
  });

  it("turns away beyond its limit and lets in again when somebody has left", async () => {
    const { control, keys } = await startControl({ limits: { streams: 1 } });
    const { port } = await control.listenGrpc({ port: 0 });
    const first = openSyncFlags(port, keys.sync);
    await new Promise((resolve) => first.once("data", resolve));
    const statusOf = (stream: ClientHttp2Stream): Promise<unknown> =>
      new Promise((resolve) => {
        stream.once("response", (headers) => resolve(headers["grpc-status"]));
        stream.once("trailers", (headers) => resolve(headers["grpc-status"]));
        stream.resume();
      });
    expect(await statusOf(openSyncFlags(port, keys.sync))).toBe("8");
    first.close();
    await expect
      .poll(async () => {
        const next = openSyncFlags(port, keys.sync);
        return new Promise((resolve) => {
          next.once("data", () => resolve("let in"));
          next.once("close", () => resolve("turned away"));
        });
      })
      .toBe("let in");
  });
});
