import { openMemoryStore } from "@flagspan/control";
import type { Decider, OtlpIntake, WebhookIntake } from "@flagspan/control";
import { describe, expect, it } from "vitest";

import { changeOf } from "../store/suite.ts";
import { startControl } from "../start.ts";

describe("intake", () => {
  it("hands OTLP to its port with the scopes of the key, and gives back what the port answers", async () => {
    const seen: Parameters<OtlpIntake["accept"]>[0][] = [];
    const otlp: OtlpIntake = {
      async accept(input) {
        seen.push(input);
        return { status: 200, contentType: "application/json", body: '{"partialSuccess":{}}' };
      },
    };
    const { ask, keys } = await startControl({ otlp });
    const response = await ask("POST", "/v1/logs", { key: keys.telemetry, body: { resourceLogs: [] } });
    expect([response.status, await response.text()]).toEqual([200, '{"partialSuccess":{}}']);
    expect(seen[0]).toMatchObject({ signal: "logs", contentType: "application/json", scopes: ["telemetry"] });
    expect(Buffer.from(seen[0]?.body ?? []).toString()).toBe('{"resourceLogs":[]}');
  });

  it("appends a webhook's changes before it answers, once per change", async () => {
    const webhooks: WebhookIntake = {
      receive: async ({ vendor, rawBody }) => ({
        status: 202,
        body: "taken",
        changes: [{ ...changeOf(Buffer.from(rawBody).toString()), source: vendor }],
        alerts: [{ name: "CheckoutSlo" }],
      }),
    };
    const alerts: unknown[] = [];
    const { url, store } = await startControl({ webhooks, onAlerts: (given) => alerts.push(...given) });
    const send = (id: string): Promise<Response> =>
      fetch(new URL("/hooks/launchdarkly", url), { method: "POST", body: id });
    expect((await send("ld-1")).status).toBe(202);
    expect(await (await send("ld-1")).text()).toBe("taken");
    await send("ld-2");
    const entries = await store.audit.list({ after: 4, limit: 10 });
    expect(entries.map((entry) => [entry.change.id, entry.change.source])).toEqual([
      ["ld-1", "launchdarkly"],
      ["ld-2", "launchdarkly"],
    ]);
    expect(alerts).toHaveLength(3);
  });

  it("leaves the Authorization header of a webhook to its vendor", async () => {
    const seen: string[] = [];
    const webhooks: WebhookIntake = {
      async receive({ headers }) {
        seen.push(headers["authorization"] ?? "");
        return { status: 200, changes: [] };
      },
    };
    const { url } = await startControl({ webhooks });
    for (const authorization of ["Bearer alertmanager-secret", "Basic YTpi", "plain"]) {
      const sent = { method: "POST", headers: { authorization }, body: "{}" };
      expect((await fetch(new URL("/hooks/alertmanager", url), sent)).status).toBe(200);
    }
    expect(seen).toEqual(["Bearer alertmanager-secret", "Basic YTpi", "plain"]);
  });

  it("keeps webhooks that nobody understood, the newest of them, without credentials, for admins to see", async () => {
    const webhooks: WebhookIntake = {
      receive: async () => ({ status: 200, body: "ok", changes: [], unknown: "kind segment" }),
    };
    const { url, ask, keys, control } = await startControl({ webhooks });
    const send = (vendor: string, body: unknown): Promise<Response> =>
      fetch(new URL(`/hooks/${vendor}`, url), {
        method: "POST",
        headers: { authorization: "Bearer vendor-secret", "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    await send("launchdarkly", {
      kind: "segment",
      apiKey: "leaked-1",
      nested: [{ sdk_key: "leaked-2", url: "https://me:leaked-3@host/x" }],
      note: "Bearer leaked-4",
      long: "y".repeat(100_000),
    });
    for (let index = 0; index < 210; index += 1) expect((await send("unleash", { index })).status).toBe(200);
    await send("unleash", `${"[".repeat(5000)}${"]".repeat(5000)}`);
    interface Shown {
      readonly vendors: readonly {
        readonly vendor: string;
        readonly count: number;
        readonly dropped: number;
        readonly events: readonly { seq: number; unknown: string; bytes: number; body: string }[];
      }[];
    }
    const text = await (await ask("GET", "/hooks/unknown")).text();
    expect(text).not.toMatch(/leaked|vendor-secret/);
    const { vendors } = JSON.parse(text) as Shown;
    expect(
      vendors.map(({ vendor, count, dropped, events }) => [vendor, count, dropped, events.length]),
    ).toEqual([
      ["launchdarkly", 1, 0, 1],
      ["unleash", 211, 11, 200],
    ]);
    expect(vendors[0]?.events[0]).toMatchObject({ seq: 1, unknown: "kind segment" });
    expect(vendors[0]?.events[0]?.body).toHaveLength(4096);
    expect(vendors[1]?.events.at(-1)?.body).toContain("not kept");
    const one = (await (await ask("GET", "/hooks/unknown?vendor=launchdarkly")).json()) as Shown;
    expect(one.vendors.map(({ vendor }) => vendor)).toEqual(["launchdarkly"]);
    expect((await ask("GET", "/hooks/unknown", { key: keys.write })).status).toBe(403);
    expect((await ask("GET", "/hooks/unknown", { key: keys.admin })).status).toBe(403);
    expect(control.library.peek("shop.prod")?.revision).toBe(1);
  });

  it("answers 500, so that the vendor sends it again, where an unknown webhook could not be kept", async () => {
    const store = await openMemoryStore();
    const broken = {
      ...store,
      documents: { ...store.documents, append: () => Promise.reject(new Error("disk full")) },
    };
    const webhooks: WebhookIntake = {
      receive: async () => ({ status: 200, changes: [], unknown: "kind segment" }),
    };
    const { url } = await startControl({ webhooks, store: broken });
    const response = await fetch(new URL("/hooks/unleash", url), { method: "POST", body: "{}" });
    expect(response.status).toBe(500);
  });

  it("hands rollouts to the guard with the actor of the key", async () => {
    const seen: unknown[] = [];
    const decider: Decider = {
      list: async () => [{ id: "r1" }],
      get: async (id) => (id === "r1" ? { id } : undefined),
      create: async (plan, actor) => {
        seen.push(plan, actor);
        return { ok: true, rollout: { id: "r2" } };
      },
      act: async (_id, verb) => ({ ok: false, status: 409, problem: `cannot ${verb} now` }),
    };
    const { ask, keys } = await startControl({ decider });
    expect(await (await ask("GET", "/v1/rollouts")).json()).toEqual({ rollouts: [{ id: "r1" }] });
    expect((await ask("GET", "/v1/rollouts/r9")).status).toBe(404);
    const made = await ask("POST", "/v1/rollouts", { key: keys.write, body: { flag: "dark-mode" } });
    expect([made.status, await made.json()]).toEqual([201, { rollout: { id: "r2" } }]);
    expect(seen).toEqual([
      { flag: "dark-mode" },
      { id: "key-write", type: "api", scopes: ["write"], sets: ["shop.prod"] },
    ]);
    const refused = await ask("POST", "/v1/rollouts/r1/abort", { key: keys.kill });
    expect([refused.status, await refused.json()]).toEqual([
      409,
      expect.objectContaining({ detail: "cannot abort now" }),
    ]);
  });

  it("says so where a port is not there", async () => {
    const { ask, url } = await startControl();
    expect((await ask("POST", "/v1/logs", { body: {} })).status).toBe(404);
    expect((await ask("GET", "/v1/rollouts")).status).toBe(503);
    expect((await fetch(new URL("/hooks/x", url), { method: "POST" })).status).toBe(404);
  });
});

describe("what control says about itself", () => {
  it("is alive and ready, and not ready when its store is not", async () => {
    const { ask, store } = await startControl();
    expect(await (await ask("GET", "/healthz", { key: null })).json()).toEqual({ status: "ok" });
    expect((await ask("GET", "/readyz", { key: null })).status).toBe(200);
    store.ping = async () => {
      throw new Error("disk full");
    };
    const response = await ask("GET", "/readyz", { key: null });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ missing: [expect.stringContaining("disk full")] });
    expect((await ask("GET", "/healthz", { key: null })).status).toBe(200);
  });

  it("describes every route in OpenAPI 3.1, bodies and scopes included", async () => {
    const { url } = await startControl();
    const document = (await (await fetch(new URL("/openapi.json", url))).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { security: unknown; requestBody?: { content: object } }>>;
    };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/v1/rulesets/{set}",
        "/v1/rulesets/{set}/stream",
        "/v1/flags/{set}/{key}/kill",
        "/hooks/{vendor}",
      ]),
    );
    const kill = document.paths["/v1/flags/{set}/{key}/kill"]?.["post"];
    expect(kill?.security).toEqual([{ key: ["kill"] }, { key: ["write"] }]);
    expect(kill?.requestBody?.content).toHaveProperty(["application/json", "schema", "properties", "reason"]);
    const ids = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map((operation) => (operation as { operationId?: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("shows a page that needs no script and no style from elsewhere", async () => {
    const { ask, keys } = await startControl();
    expect((await ask("GET", "/", { key: null })).status).toBe(401);
    expect((await ask("GET", "/", { key: keys.sync })).status).toBe(403);
    await ask("POST", "/v1/flags/shop.prod/dark-mode/kill", {
      body: { reason: "<script>alert(1)</script>" },
    });
    const response = await ask("GET", "/", { key: keys.admin });
    const html = await response.text();
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;");
    for (const shown of ["shop.prod", "dark-mode", "killed", "watched", "50 %"])
      expect(html).toContain(shown);
    const open = await startControl({ pages: "open" });
    expect((await open.ask("GET", "/", { key: null })).status).toBe(200);
  });

  it("lets somebody without a key do what it was told to, and no more", async () => {
    const { ask } = await startControl({ anonymous: { scopes: ["evaluate", "sync"], sets: ["shop.prod"] } });
    expect((await ask("GET", "/v1/rulesets/shop.prod", { key: null })).status).toBe(200);
    expect((await ask("POST", "/ofrep/v1/evaluate/flags", { key: null, body: {} })).status).toBe(200);
    expect((await ask("GET", "/v1/rulesets/shop.dev", { key: null })).status).toBe(403);
    expect(
      (await ask("POST", "/v1/flags/shop.prod/banner/kill", { key: null, body: { reason: "x" } })).status,
    ).toBe(403);
    expect((await ask("GET", "/v1/rulesets/shop.prod", { key: "fs_wrong" })).status).toBe(401);
  });
});
