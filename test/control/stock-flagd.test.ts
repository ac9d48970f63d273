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
