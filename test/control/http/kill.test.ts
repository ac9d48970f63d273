import { describe, expect, it } from "vitest";

import { startControl } from "../start.ts";
import type { TestControl } from "../start.ts";

async function kill(control: TestControl, key: string, body: Record<string, unknown>): Promise<Response> {
  return control.ask("POST", `/v1/flags/shop.prod/${key}/kill`, {
    key: control.keys.kill,
    body: { reason: "incident 42", ...body },
  });
}

async function readFlag(control: TestControl, key: string): Promise<Record<string, unknown>> {
  const response = await control.ask("GET", `/v1/flags/shop.prod/${key}`);
  return (await response.json()) as Record<string, unknown>;
}

async function flagOf(control: TestControl, key: string): Promise<Record<string, unknown>> {
  return (await readFlag(control, key))["flag"] as Record<string, unknown>;
}

describe("kill", () => {
  it("gives everyone the off variant: enabled, no targeting", async () => {
    const control = await startControl();
    const response = await kill(control, "dark-mode", {});
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      change: { action: "killed", reason: "incident 42", actor: { id: "key-kill" } },
    });
    const flag = await flagOf(control, "dark-mode");
    expect(flag).toMatchObject({ state: "ENABLED", defaultVariant: "off" });
    expect(flag).not.toHaveProperty("targeting");
  });

  it("takes rolloutControl where a rollout runs", async () => {
    const control = await startControl();
    await kill(control, "watched", {});
    expect(await flagOf(control, "watched")).toMatchObject({ defaultVariant: "control" });
  });

  it("asks which variant where it cannot tell, and names the choices", async () => {
    const control = await startControl();
    const response = await kill(control, "banner", {});
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ choices: ["a", "b"] });
    expect((await kill(control, "banner", { variant: "b" })).status).toBe(200);
    expect(await flagOf(control, "banner")).toMatchObject({ defaultVariant: "b" });
  });

  it("is latched: only a restore lets anybody change the flag again", async () => {
    const control = await startControl();
    const before = await flagOf(control, "dark-mode");
    await kill(control, "dark-mode", {});
    const write = (): Promise<Response> =>
      control.ask("PATCH", "/v1/flags/shop.prod/dark-mode", {
        body: { flag: { defaultVariant: "on" }, reason: "x" },
      });
    expect((await write()).status).toBe(409);
    expect(
      (await control.ask("DELETE", "/v1/flags/shop.prod/dark-mode", { body: { reason: "x" } })).status,
    ).toBe(409);
    const restored = await control.ask("POST", "/v1/flags/shop.prod/dark-mode/restore", {
      body: { reason: "fixed" },
    });
    expect(await restored.json()).toMatchObject({ change: { action: "restored" } });
    expect(await flagOf(control, "dark-mode")).toEqual(before);
    expect((await write()).status).toBe(200);
  });

  it("cannot be undone by an import", async () => {
    const control = await startControl();
    const before = (await (await control.ask("GET", "/v1/rulesets/shop.prod")).json()) as object;
    await kill(control, "dark-mode", {});
    const response = await control.ask("PUT", "/v1/rulesets/shop.prod", {
      body: { ruleset: before, reason: "x" },
    });
    expect(response.status).toBe(409);
  });

  it("is replaced by another definition in the revision that restores it, by who may write and by nobody else", async () => {
    const control = await startControl();
    const before = await flagOf(control, "dark-mode");
    await kill(control, "dark-mode", {});
    const killed = await readFlag(control, "dark-mode");
    expect(killed).toMatchObject({ killed: true, restores: before });
    const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
    const path = "/v1/flags/shop.prod/dark-mode/restore";
    const body = { reason: "a smaller step", flag };
    const refused = await control.ask("POST", path, { body, key: control.keys.kill });
    expect(refused.status).toBe(403);
    const broken = await control.ask("POST", path, { body: { ...body, flag: { state: "ENABLED" } } });
    expect(broken.status).toBe(422);
    const restored = (await (await control.ask("POST", path, { body })).json()) as { revision: string };
    expect(restored).toMatchObject({ flag, change: { action: "restored" } });
    expect(Number(restored.revision)).toBe(Number(killed["revision"]) + 1);
    expect(await readFlag(control, "dark-mode")).not.toHaveProperty("restores");
  });

  it("killed twice is restored to what it was before the first", async () => {
    const control = await startControl();
    const before = await flagOf(control, "banner");
    await kill(control, "banner", { variant: "b" });
    await kill(control, "banner", { variant: "a" });
    await control.ask("POST", "/v1/flags/shop.prod/banner/restore", { body: { reason: "fixed" } });
    expect(await flagOf(control, "banner")).toEqual(before);
    const again = await control.ask("POST", "/v1/flags/shop.prod/banner/restore", {
      body: { reason: "fixed" },
    });
    expect(again.status).toBe(409);
  });

  it("reaches one segment and leaves the rest as it was", async () => {
    const control = await startControl();
    const response = await kill(control, "dark-mode", { segment: "internal" });
    expect(await response.json()).toMatchObject({ change: { action: "killed", segments: ["internal"] } });
    const evaluate = async (email: string): Promise<unknown> => {
      const answer = await control.ask("POST", "/ofrep/v1/evaluate/flags/dark-mode", {
        body: { context: { targetingKey: "u", email } },
      });
      return ((await answer.json()) as { value: unknown }).value;
    };
    expect(await evaluate("a@corp.example")).toBe(false);
    expect(await evaluate("a@example.org")).toBe(true);
    expect(await (await control.ask("GET", "/v1/flags/shop.prod/dark-mode")).json()).toMatchObject({
      killed: false,
    });
    const unknown = await kill(control, "dark-mode", { segment: "nobody" });
    expect(unknown.status).toBe(422);
    expect(await unknown.json()).toMatchObject({ choices: ["internal"] });
  });

  it("reaches some versions", async () => {
    const control = await startControl();
    const semver = { attribute: "appVersion", operator: "<", version: "2.1.0" };
    const response = await kill(control, "dark-mode", { semver });
    expect(await response.json()).toMatchObject({ change: { segments: ["appVersion < 2.1.0"] } });
    const evaluate = async (appVersion: string): Promise<unknown> => {
      const answer = await control.ask("POST", "/ofrep/v1/evaluate/flags/dark-mode", {
        body: { context: { targetingKey: "u", appVersion } },
      });
      return ((await answer.json()) as { value: unknown }).value;
    };
    expect(await evaluate("2.0.9")).toBe(false);
    expect(await evaluate("2.1.0")).toBe(true);
  });

  it("restores after a segment kill, unless somebody has written the flag since", async () => {
    const control = await startControl();
    await kill(control, "dark-mode", { segment: "internal" });
    await control.ask("PATCH", "/v1/flags/shop.prod/dark-mode", {
      body: { flag: { state: "DISABLED" }, reason: "x" },
    });
    const restore = await control.ask("POST", "/v1/flags/shop.prod/dark-mode/restore", {
      body: { reason: "fixed" },
    });
    expect(restore.status).toBe(409);
  });

  it("stands after a restart", async () => {
    const first = await startControl();
    await kill(first, "dark-mode", {});
    const second = await startControl({ store: first.store });
    expect(await (await second.ask("GET", "/v1/flags/shop.prod")).json()).toMatchObject({
      killed: ["dark-mode"],
    });
  });
});
