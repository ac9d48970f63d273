import { request } from "node:http";

import { createKey, openMemoryStore } from "@flagspan/control";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { startControl } from "../start.ts";
import type { TestControl } from "../start.ts";

/** Sends a request target exactly as written; `fetch` would normalise it first. */
function askRaw(
  url: string,
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (response.headers["content-type"] === "text/event-stream") response.destroy();
      });
      response.on("close", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

describe("the door", () => {
  it.each([
    "//v1/rulesets/shop.prod",
    "/v1//rulesets/shop.prod",
    "/v1/./rulesets/shop.prod",
    "/v1/rulesets/../rulesets/shop.prod",
    "/v1/rulesets/shop.prod/",
    "/v1/rulesets/shop.prod/.",
    "/v1/rulesets%2fshop.prod",
    "/v1/rulesets%2Fshop.prod",
    "/v1/rulesets/%73hop.prod",
    "/v1/rulesets/shop%2eprod",
    "/V1/rulesets/shop.prod",
    "/v1/Rulesets/shop.prod",
    "/v1/rulesets/SHOP.prod",
    "/v1/rulesets/shop.prod.",
    "/v1/rulesets./shop.prod",
    "/v1/rulesets/shop.prod;x=1",
    "/v1\\rulesets\\shop.prod",
    "/v1/rulesets/shop.prod%00",
    "/v1/flags/shop.prod/checkout%2fnew",
    "/v1/flags/shop.prod/%64ark-mode",
    "/v1/flags/shop.prod/%2E%2E",
    "/v1/flags/shop.prod/..",
    "/v1/flags/shop.prod/%FF",
    "http://elsewhere/v1/rulesets/shop.prod",
    "*",
  ])("refuses %s with 400 before routing", async (path) => {
    const { url, keys } = await startControl();
    expect((await askRaw(url, path, bearer(keys.everything))).status).toBe(400);
  });

  const PERMITTED: Record<string, readonly string[]> = {
    "GET /v1/rulesets/shop.prod": ["sync"],
    "GET /v1/rulesets/shop.prod/stream": ["sync"],
    "GET /v1/rulesets/shop.prod/applied": ["sync", "write", "kill", "admin"],
    "POST /v1/rulesets/shop.prod/applied": ["sync"],
    "GET /v1/rulesets/shop.prod/revisions/1": ["sync", "admin"],
    "PUT /v1/rulesets/shop.prod": ["admin"],
    "GET /v1/flags/shop.prod": ["sync", "write", "kill", "admin"],
    "GET /v1/flags/shop.prod/banner": ["sync", "write", "kill", "admin"],
    "PUT /v1/flags/shop.prod/banner": ["write"],
    "PATCH /v1/flags/shop.prod/banner": ["write"],
    "DELETE /v1/flags/shop.prod/banner": ["write"],
    "POST /v1/flags/shop.prod/banner/kill": ["kill", "write"],
    "POST /v1/flags/shop.prod/banner/restore": ["write"],
    "GET /v1/changes": ["write", "kill", "admin"],
    "GET /v1/changes/verify": ["write", "kill", "admin"],
    "GET /v1/rollouts": ["write", "kill", "admin"],
    "POST /v1/rollouts": ["write"],
    "POST /v1/rollouts/r1/abort": ["write", "kill"],
    "POST /v1/rollouts/r1/resume": ["write"],
    "POST /ofrep/v1/evaluate/flags": ["evaluate"],
    "POST /ofrep/v1/evaluate/flags/banner": ["evaluate"],
    "POST /v1/logs": ["telemetry", "evaluate"],
    "POST /v1/traces": ["telemetry"],
    "POST /v1/metrics": ["telemetry"],
    "GET /hooks/unknown": ["admin"],
    "GET /v1/keys": ["admin"],
    "POST /v1/keys": ["admin"],
    "DELETE /v1/keys/0123456789abcdef": ["admin"],
    "GET /": ["admin"],
  };

  it("lets each scope do exactly what is written down, and nobody anything without a key", async () => {
    const { url, keys } = await startControl({ limits: { strangerRatePerSecond: 10_000 } });
    const allowed: Record<string, string[]> = {};
    for (const route of Object.keys(PERMITTED)) {
      const [method = "", path = ""] = route.split(" ");
      allowed[route] = [];
      for (const scope of ["evaluate", "sync", "telemetry", "write", "kill", "admin"] as const) {
        const { status, body } = await askRaw(url, path, bearer(keys[scope]), method);
        const closed = status === 401 || (status === 403 && !body.includes("every set"));
        if (!closed) allowed[route].push(scope);
      }
      expect((await askRaw(url, path, {}, method)).status).toBe(401);
    }
    const sorted = (table: Record<string, readonly string[]>): Record<string, readonly string[]> =>
      Object.fromEntries(Object.entries(table).map(([route, scopes]) => [route, [...scopes].sort()]));
    expect(sorted(allowed)).toEqual(sorted(PERMITTED));
  });

  it("binds keys to sets", async () => {
    const { ask, keys } = await startControl();
    const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
    await ask("PUT", "/v1/flags/shop.dev/a", { body: { flag, reason: "x" } });
    expect((await ask("GET", "/v1/rulesets/shop.dev", { key: keys.sync })).status).toBe(403);
    expect((await ask("GET", "/v1/rulesets/shop.dev/stream", { key: keys.sync })).status).toBe(403);
    expect(
      (await ask("PUT", "/v1/flags/shop.dev/a", { key: keys.write, body: { flag, reason: "x" } })).status,
    ).toBe(403);
    const other = { key: keys.evaluate, body: {}, headers: { "flagd-selector": "flagSetId=shop.dev" } };
    expect((await ask("POST", "/ofrep/v1/evaluate/flags", other)).status).toBe(403);
  });

  it.each(["Bearer nonsense", "Basic YTpi", "Bearer fs_0123456789abcdef.short", "fs_", ""])(
    "takes %j for nobody",
    async (authorization) => {
      const { url } = await startControl();
      expect((await askRaw(url, "/v1/rulesets/shop.prod", { authorization })).status).toBe(401);
    },
  );

  it("closes at once for a revoked key", async () => {
    const { ask } = await startControl();
    const made = await ask("POST", "/v1/keys", {
      body: { name: "bob", scopes: ["sync"], sets: ["shop.prod"], actorType: "user" },
    });
    const { id, token } = (await made.json()) as { id: string; token: string };
    expect((await ask("GET", "/v1/rulesets/shop.prod", { key: token })).status).toBe(200);
    expect((await ask("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    expect((await ask("GET", "/v1/rulesets/shop.prod", { key: token })).status).toBe(401);
    const listed = await (await ask("GET", "/v1/keys")).text();
    expect(listed).toContain('"bob"');
    expect(listed).not.toContain(token.split(".")[1] ?? "");
    expect(listed).not.toMatch(/sha256/i);
  });

  it("answers 503, not 401, while the keys cannot be read: a good key must not be told to give up", async () => {
    const store = await openMemoryStore();
    let isAway = false;
    const keys = {
      ...store.keys,
      list: () => (isAway ? Promise.reject(new Error("connection lost")) : store.keys.list()),
    };
    const told: unknown[] = [];
    const control = await startControl({ store: { ...store, keys }, onError: (error) => told.push(error) });
    const ask = (): Promise<Response> =>
      control.ask("GET", "/v1/rulesets/shop.prod", { key: control.keys.sync });
    expect((await ask()).status).toBe(200);
    isAway = true;
    // Any change of keys makes control read them again.
    await createKey(store, { name: "x", scopes: ["sync"], sets: ["*"], actorType: "api" });
    const away = await ask();
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(told).toHaveLength(1);
    isAway = false;
    expect((await ask()).status).toBe(200);
  });

  it("never opens to a path built of slashes, dots, cases and escapes (fuzzed)", async () => {
    const { url, keys } = await startControl({ limits: { strangerRatePerSecond: 1e6, ratePerSecond: 1e6 } });
    const piece = fc.constantFrom(
      "/",
      "//",
      "/./",
      "/../",
      "%2f",
      "%2F",
      "%2e",
      ";",
      ".",
      "\\",
      "v1",
      "V1",
      "rulesets",
      "flags",
      "shop.prod",
      "SHOP.PROD",
      "banner",
      "revisions",
      "1",
      "stream",
      "applied",
      "ofrep",
      "evaluate",
      "?",
      "#",
      "%00",
      "@",
      "http:",
      "changes",
      "keys",
      "kill",
    );
    const target = fc.array(piece, { minLength: 1, maxLength: 9 }).map((pieces) => `/${pieces.join("")}`);
    const methods = fc.constantFrom("GET", "POST", "PUT", "DELETE");
    await fc.assert(
      fc.asyncProperty(target, methods, async (path, method) => {
        const { status, body } = await askRaw(
          url,
          path.replaceAll("#", "%23"),
          bearer(keys.evaluate),
          method,
        );
        expect([400, 401, 403, 404, 422, 405, 200]).toContain(status);
        // An evaluate key may evaluate; whatever else answers 200 must be one of the public pages.
        const open = /^\/(healthz|readyz|openapi\.json|ofrep\/v1\/evaluate\/flags(\/.*)?)(\?.*)?$/;
        expect(status !== 200 || open.test(path)).toBe(true);
        expect(body).not.toMatch(/secret-salt|team-design|UI-7|corp\.example/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("limits", () => {
  const post = (
    control: TestControl,
    bytes: string,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(new URL("/v1/flags/shop.prod/x", control.url), {
      method: "PUT",
      headers: { ...bearer(control.keys.everything), "content-type": "application/json", ...headers },
      body: bytes,
    });

  it("refuses a body over the limit with 413, announced or not", async () => {
    const control = await startControl({ limits: { bodyBytes: 1000 } });
    const large = JSON.stringify({ reason: "x".repeat(2000) });
    expect((await post(control, large)).status).toBe(413);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("x".repeat(400)));
      },
    });
    const streamed = await fetch(new URL("/v1/flags/shop.prod/x", control.url), {
      method: "PUT",
      headers: bearer(control.keys.everything),
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(streamed.status).toBe(413);
    const bulk = await control.ask("POST", "/ofrep/v1/evaluate/flags", {
      body: { context: { a: "x".repeat(2000) } },
    });
    expect(bulk.status).toBe(413);
    expect(await bulk.json()).toMatchObject({ errorCode: "GENERAL" });
  });

  it("refuses nesting, encodings and text that is not JSON", async () => {
    const control = await startControl();
    expect((await post(control, `{"flag":${"[".repeat(100)}${"]".repeat(100)},"reason":"x"}`)).status).toBe(
      400,
    );
    expect((await post(control, "{")).status).toBe(400);
    expect((await post(control, "x", { "content-encoding": "gzip" })).status).toBe(415);
  });

  it("refuses headers over the limit with 431", async () => {
    const { url } = await startControl();
    expect((await askRaw(url, "/healthz", { "x-large": "x".repeat(20_000) })).status).toBe(431);
  });

  it("slows a key down with 429 and says when to come back", async () => {
    let nowMs = 0;
    const { ask, keys } = await startControl({ limits: { ratePerSecond: 2 }, clock: { now: () => nowMs } });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      statuses.push((await ask("GET", "/v1/rulesets/shop.prod", { key: keys.sync })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    const refused = await ask("GET", "/v1/rulesets/shop.prod", { key: keys.sync });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    nowMs += 1000;
    expect((await ask("GET", "/v1/rulesets/shop.prod", { key: keys.sync })).status).toBe(200);
  });

  it("slows down whoever guesses keys", async () => {
    const { ask } = await startControl({ limits: { strangerRatePerSecond: 1 }, clock: { now: () => 0 } });
    const statuses: number[] = [];
    for (let index = 0; index < 7; index += 1) {
      statuses.push((await ask("GET", "/v1/rulesets/shop.prod", { key: "fs_guess" })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it("does not let a clock that is set forward refill anybody's rate", async () => {
    const { ask, keys } = await startControl({ limits: { ratePerSecond: 1 } });
    const started = performance.now();
    const elapsed = vi.spyOn(performance, "now").mockReturnValue(started);
    const wall = vi.spyOn(Date, "now");
    try {
      const statuses: number[] = [];
      for (let day = 0; day < 4; day += 1) {
        wall.mockReturnValue(1_800_000_000_000 + day * 86_400_000);
        statuses.push((await ask("GET", "/v1/rulesets/shop.prod", { key: keys.sync })).status);
      }
      expect(statuses).toEqual([200, 200, 429, 429]);
    } finally {
      elapsed.mockRestore();
      wall.mockRestore();
    }
  });
});
