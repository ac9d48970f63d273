import { FlagspanProvider } from "@flagspan/provider/server";
import { ProviderEvents } from "@openfeature/server-sdk";
import { afterEach, expect, test } from "vitest";
import { startControl } from "../control/start.ts";
import { until } from "./until.ts";

const open: FlagspanProvider[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((provider) => provider.onClose()));
});

test("a kill on control reaches every provider, in order, is acknowledged, and units are named alike on both sides", async () => {
  const control = await startControl();
  const providers = ["one", "two", "three"].map(
    (instance) =>
      new FlagspanProvider({ url: control.url, set: "shop.prod", key: control.keys.sync, instance }),
  );
  open.push(...providers);
  const changed: (readonly string[] | undefined)[] = [];
  providers[0]?.events.addHandler(ProviderEvents.ConfigurationChanged, (details) => {
    changed.push(details?.["flagsChanged"] as readonly string[] | undefined);
  });
  await Promise.all(providers.map((provider) => provider.initialize()));
  const context = { targetingKey: "user-1", email: "a@corp.example" };
  expect(providers[0]?.evaluateSync("dark-mode", false, context)).toMatchObject({
    value: true,
    reason: "TARGETING_MATCH",
    flagMetadata: { flagSetId: "shop.prod", version: "1", owner: "team-design" },
  });

  const ofrep = await control.ask("POST", "/ofrep/v1/evaluate/flags/watched", {
    key: control.keys.evaluate,
    body: { context },
  });
  const answered = (await ofrep.json()) as { value: boolean; metadata: { contextId: string } };
  const own = providers[0]?.evaluateSync("watched", false, context);
  expect(own).toMatchObject({
    value: answered.value,
    flagMetadata: { contextId: answered.metadata.contextId },
  });

  await control.ask("POST", "/v1/flags/shop.prod/dark-mode/kill", { body: { reason: "incident 7" } });
  await control.ask("POST", "/v1/flags/shop.prod/dark-mode/restore", { body: { reason: "over" } });
  await control.ask("POST", "/v1/flags/shop.prod/dark-mode/kill", { body: { reason: "again" } });
  await until("all are at revision 4", () => providers.every((provider) => provider.revision === "4"));
  for (const provider of providers)
    expect(provider.evaluateSync("dark-mode", true, context).value).toBe(false);
  expect(changed).toEqual([["dark-mode"], ["dark-mode"], ["dark-mode"]]);
  await until("control knows that all have applied it", async () => {
    const report = await control.ask("GET", "/v1/rulesets/shop.prod/applied?revision=4");
    const { connected, applied } = (await report.json()) as { connected: number; applied: number };
    return connected === 3 && applied === 3;
  });
});

test("a key without the scope is FATAL at once", async () => {
  const control = await startControl();
  const provider = new FlagspanProvider({ url: control.url, set: "shop.prod", key: control.keys.evaluate });
  open.push(provider);
  await expect(provider.initialize()).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
});
