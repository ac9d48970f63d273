import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { OpenFeature as WebOpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "undici";
import { afterAll, describe, expect, it, vi } from "vitest";

import { startControl } from "./start.ts";

afterAll(async () => {
  await OpenFeature.close();
  await WebOpenFeature.close();
});

describe("stock OFREP providers", () => {
  it("@openfeature/ofrep-provider evaluates against control unchanged", async () => {
    const { url, keys } = await startControl();
    const provider = new OFREPProvider({
      baseUrl: url,
      headers: [["authorization", `Bearer ${keys.evaluate}`]],
    });
    await OpenFeature.setProviderAndWait("stock", provider);
    const client = OpenFeature.getClient("stock");
    const inside = { targetingKey: "u", email: "a@corp.example" };
    expect(await client.getBooleanDetails("dark-mode", false, inside)).toMatchObject({
      value: true,
      variant: "on",
      reason: "TARGETING_MATCH",
      flagMetadata: { flagSetId: "shop.prod", version: "1" },
    });
    expect(await client.getStringValue("banner", "-", {})).toBe("A");
    expect(await client.getBooleanDetails("nothing", true)).toMatchObject({
      value: true,
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await client.getNumberDetails("banner", 7)).toMatchObject({
      value: 7,
      errorCode: "TYPE_MISMATCH",
    });
  });

  it("@openfeature/ofrep-web-provider follows a toggle over its event stream unchanged", async () => {
    vi.stubGlobal("EventSource", EventSource);
    const { url, keys, ask, control } = await startControl();
    const provider = new OFREPWebProvider({
      baseUrl: url,
      headers: [["authorization", `Bearer ${keys.evaluate}`]],
      cacheMode: "disabled",
    });
    await WebOpenFeature.setContext({ targetingKey: "u", email: "a@corp.example" });
    await WebOpenFeature.setProviderAndWait(provider);
    const client = WebOpenFeature.getClient();
    expect(client.getStringValue("banner", "-")).toBe("A");
    await expect.poll(() => control.streams.clients).toBe(1);

    const changed = new Promise<readonly string[] | undefined>((resolve) =>
      client.addHandler(ProviderEvents.ConfigurationChanged, (event) => resolve(event?.flagsChanged)),
    );
    await ask("PATCH", "/v1/flags/shop.prod/banner", {
      body: { flag: { defaultVariant: "b" }, reason: "toggle" },
    });
    expect(await changed).toContain("banner");
    expect(client.getStringValue("banner", "-")).toBe("B");
    await provider.onClose?.();
    vi.unstubAllGlobals();
  });
});
