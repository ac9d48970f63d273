import { FlagspanProvider, httpSource, systemClock } from "@flagspan/provider/server";
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

test("what control promises in its patches is what is held, whatever the flags hold: nothing is counted, nothing fetched", async () => {
  const control = await startControl();
  const failures: string[] = [];
  const revisions: string[] = [];
  const asked: string[] = [];
  const source = httpSource({
    url: control.url,
    set: "shop.prod",
    key: control.keys.sync,
    pollIntervalMs: 600_000,
  }).open(
    {
      update: ({ layers }) => void revisions.push(layers[0]?.revision ?? ""),
      link: () => undefined,
      failure: ({ message }) => void failures.push(message),
    },
    { clock: systemClock, random: Math.random, instance: "instance-1" },
  );
  await until("the first ruleset has come", () => revisions.length > 0);
  const put = async (key: string, value: unknown, more: object = {}): Promise<void> => {
    const flag = { state: "ENABLED", variants: { z: value, a: value }, defaultVariant: "z", ...more };
    const path = `/v1/flags/shop.prod/${encodeURIComponent(key)}`;
    const answer = await control.ask("PUT", path, { body: { flag, reason: "a test" } });
    asked.push(`${key} ${answer.status}`);
  };
  await put("numbers", { big: 1e21, tiny: 1e-7, minus: -0, whole: 5.0, many: [0.1, 1e100] });
  await put("text", 'quote " backslash \\ line \u2028 emoji 💡 lone \ud800 control \u0001 ü');
  await put("nested", { z: { y: [{ x: null }], "": true, constructor: 1 } });
  await put("rule", true, { targeting: { if: [{ in: ["@", { var: "email" }] }, "a", "z"] } });
  await control.ask("DELETE", "/v1/flags/shop.prod/text", { body: { reason: "a test" } });
  await put("numbers", [3, 2, 1], { metadata: { owner: "me", ticket: 7 } });
  expect(asked).toEqual(["numbers 200", "text 200", "nested 200", "rule 200", "numbers 200"]);
  await until("all has arrived", () => revisions.at(-1) === "7");
  // Longer than the pause after which a patch is checked.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(failures).toEqual([]);
  expect(new Set(revisions).size).toBe(7);
  await source.close();
});
