import { describe, expect, it } from "vitest";

import { startControl } from "../start.ts";
import type { TestControl } from "../start.ts";

interface Bulk {
  readonly flags: readonly { readonly key: string; readonly metadata: Record<string, unknown> }[];
  readonly eventStreams: readonly { readonly endpoint: { readonly requestUri: string } }[];
}

const bulk = (
  control: TestControl,
  context: object,
  headers: Record<string, string> = {},
  query = "",
): Promise<Response> =>
  control.ask("POST", `/ofrep/v1/evaluate/flags${query}`, {
    key: control.keys.evaluate,
    body: { context },
    headers,
  });

const one = (control: TestControl, key: string, context: object): Promise<Response> =>
  control.ask("POST", `/ofrep/v1/evaluate/flags/${key}`, { key: control.keys.evaluate, body: { context } });

describe("OFREP", () => {
  it("evaluates one flag", async () => {
    const control = await startControl();
    const response = await one(control, "dark-mode", { targetingKey: "u", email: "a@corp.example" });
    expect(await response.json()).toEqual({
      key: "dark-mode",
      reason: "TARGETING_MATCH",
      variant: "on",
      value: true,
      metadata: { flagSetId: "shop.prod", version: "1" },
    });
    expect(await (await one(control, "checkout%2Fnew", {})).json()).toMatchObject({
      key: "checkout/new",
      value: false,
    });
  });

  it("reports errors in OFREP's form", async () => {
    const control = await startControl();
    const missing = await one(control, "nothing", {});
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ key: "nothing", errorCode: "FLAG_NOT_FOUND" });
    const send = (body: string): Promise<Response> =>
      fetch(new URL("/ofrep/v1/evaluate/flags", control.url), {
        method: "POST",
        headers: { authorization: `Bearer ${control.keys.evaluate}` },
        body,
      });
    expect(await (await send("{")).json()).toMatchObject({ errorCode: "PARSE_ERROR" });
    const wrong = await send('{"context":7}');
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ errorCode: "INVALID_CONTEXT" });
    expect((await send("")).status).toBe(200);
    const denied = await control.ask("POST", "/ofrep/v1/evaluate/flags", { key: null, body: {} });
    expect([denied.status, await denied.text()]).toEqual([401, ""]);
  });

  it("needs a selector where the key reaches several sets, and takes flagd's", async () => {
    const control = await startControl();
    const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
    await control.ask("PUT", "/v1/flags/shop.dev/a", { body: { flag, reason: "x" } });
    const ask = (headers: Record<string, string>): Promise<Response> =>
      control.ask("POST", "/ofrep/v1/evaluate/flags", { body: {}, headers });
    expect((await ask({})).status).toBe(400);
    const selected = await ask({ "flagd-selector": "flagSetId=shop.dev" });
    expect(((await selected.json()) as Bulk).flags.map((flag) => flag.key)).toEqual(["a"]);
  });

  it("hashes the answer into the ETag: another context with another answer is no 304", async () => {
    const control = await startControl();
    const inside = { targetingKey: "u", email: "a@corp.example" };
    const first = await bulk(control, inside);
    const etag = first.headers.get("etag") ?? "";
    expect((await bulk(control, inside, { "if-none-match": etag })).status).toBe(304);
    expect(
      (await bulk(control, { targetingKey: "v", email: "v@example.org" }, { "if-none-match": etag })).status,
    ).toBe(200);
  });

  it("never turns a 200 into a 304 because of flagConfigEtag", async () => {
    const control = await startControl();
    expect((await bulk(control, { targetingKey: "u" }, {}, "?flagConfigEtag=1")).status).toBe(200);
  });

  it("sends ten thousand flags and every script whole, in as many bytes as it said", async () => {
    const control = await startControl();
    const word = (index: number): string => ["grün", "緑", "🟢", "plain", '"\u2028\\'][index % 5] ?? "";
    const flags = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `flag-${index}-${word(index)}`,
        {
          state: "ENABLED",
          variants: { yes: word(index), no: "" },
          defaultVariant: "yes",
          ...(index % 3 === 0 ? { targeting: { if: [{ "==": [{ var: "plan" }, "pro"] }, "no", null] } } : {}),
        },
      ]),
    );
    const body = { ruleset: { flags, metadata: { owner: "grün" } }, reason: "a large set" };
    expect((await control.ask("PUT", "/v1/rulesets/shop.prod", { body })).status).toBe(200);
    for (const plan of ["pro", "free"]) {
      const response = await bulk(control, { targetingKey: "ü", plan });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(Number(response.headers.get("content-length"))).toBe(bytes.length);
      const answer = JSON.parse(bytes.toString()) as {
        flags: readonly { key: string; variant: string; value: string }[];
      };
      expect(answer.flags).toHaveLength(10_000);
      for (const { key, variant, value } of answer.flags) {
        const index = Number(key.split("-")[1]);
        const expected = index % 3 === 0 && plan === "pro" ? ["no", ""] : ["yes", word(index)];
        expect([variant, value]).toEqual(expected);
      }
    }
  });

  it("gives watched flags the unit id, the same for the same key and only there", async () => {
    const control = await startControl();
    const contextId = async (targetingKey: string): Promise<unknown> => {
      const { flags } = (await (await bulk(control, { targetingKey })).json()) as Bulk;
      expect(flags.find((flag) => flag.key === "banner")?.metadata).toEqual({
        flagSetId: "shop.prod",
        version: "1",
      });
      const watched = flags.find((flag) => flag.key === "watched")?.metadata;
      expect(watched).toMatchObject({
        rollout: "r1/10",
        rolloutTreatment: "treatment",
        rolloutControl: "control",
      });
      return watched?.["contextId"];
    };
    const id = await contextId("user-1");
    expect(id).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(await contextId("user-1")).toBe(id);
    expect(await contextId("user-2")).not.toBe(id);
    const { flags } = (await (await bulk(control, {})).json()) as Bulk;
    expect(flags.find((flag) => flag.key === "watched")?.metadata).not.toHaveProperty("contextId");
  });

  it("computes the unit id as the sync clients do: HMAC of the targeting key with the set's secret", async () => {
    const control = await startControl();
    const { createHmac } = await import("node:crypto");
    const sync = await control.ask("GET", "/v1/rulesets/shop.prod", { key: control.keys.sync });
    const secret = Buffer.from(sync.headers.get("flagspan-unit-secret") ?? "", "base64url");
    const expected = createHmac("sha256", secret)
      .update("user-1")
      .digest()
      .subarray(0, 12)
      .toString("base64url");
    expect(await (await one(control, "watched", { targetingKey: "user-1" })).json()).toMatchObject({
      metadata: { contextId: expected },
    });
  });

  it("lets a browser of an allowed origin in, reads and all, and no other", async () => {
    const control = await startControl({ cors: { origins: ["https://shop.example"] } });
    const preflight = (origin: string, path = "/ofrep/v1/evaluate/flags"): Promise<Response> =>
      fetch(new URL(path, control.url), {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
    const allowed = await preflight("https://shop.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    for (const name of ["Content-Type", "If-None-Match", "Authorization", "X-API-Key", "Flagd-Selector"]) {
      expect(allowed.headers.get("access-control-allow-headers")).toContain(name);
    }
    expect(allowed.headers.has("access-control-allow-credentials")).toBe(false);
    expect((await preflight("https://evil.example")).status).toBe(403);
    expect((await preflight("https://shop.example", "/v1/flags/shop.prod/banner")).status).toBe(404);
    const answer = await bulk(control, {}, { origin: "https://shop.example" });
    expect(answer.headers.get("access-control-expose-headers")).toBe("ETag, Retry-After");
    expect(answer.headers.get("vary")).toBe("Origin");
    const foreign = await bulk(control, {}, { origin: "https://evil.example" });
    expect(foreign.headers.has("access-control-allow-origin")).toBe(false);
  });

  it("takes the key from X-API-Key as well", async () => {
    const control = await startControl();
    const response = await control.ask("POST", "/ofrep/v1/evaluate/flags", {
      key: null,
      body: {},
      headers: { "x-api-key": control.keys.evaluate },
    });
    expect(response.status).toBe(200);
  });
});

describe("OFREP event streams", () => {
  const urlOf = async (response: Response, control: TestControl): Promise<URL> => {
    const { eventStreams } = (await response.json()) as Bulk;
    return new URL(eventStreams[0]?.endpoint.requestUri ?? "", control.url);
  };

  it("carry a token that opens one stream and no second", async () => {
    const control = await startControl();
    const url = await urlOf(await bulk(control, { targetingKey: "u" }), control);
    const end = new AbortController();
    const first = await fetch(url, { signal: end.signal });
    expect(first.headers.get("content-type")).toBe("text/event-stream");
    expect((await fetch(url)).status).toBe(401);
    end.abort();
    expect((await fetch(new URL("/ofrep/v1/stream", control.url))).status).toBe(401);
    url.searchParams.set("token", `${url.searchParams.get("token")?.slice(0, -4)}AAAA`);
    expect((await fetch(url)).status).toBe(401);
  });

  it("carry a token for sixty seconds", async () => {
    let nowMs = 1_000_000;
    const control = await startControl({ clock: { now: () => nowMs } });
    const url = await urlOf(await bulk(control, { targetingKey: "u" }), control);
    nowMs += 60_001;
    expect((await fetch(url)).status).toBe(401);
  });

  it("give whoever lost its stream a new address although no flag changed", async () => {
    const control = await startControl();
    const first = await bulk(control, { targetingKey: "u" });
    const etag = first.headers.get("etag") ?? "";
    const url = await urlOf(first, control);
    const end = new AbortController();
    await fetch(url, { signal: end.signal });
    expect((await bulk(control, { targetingKey: "u" }, { "if-none-match": etag })).status).toBe(304);
    end.abort();
    await expect.poll(() => control.control.streams.clients).toBe(0);
    const again = await bulk(control, { targetingKey: "u" }, { "if-none-match": etag });
    expect(again.status).toBe(200);
    expect((await urlOf(again, control)).search).not.toBe(url.search);
  });
});

describe("a web key", () => {
  it("learns no rule, segment, owner, ticket, salt or history by any route", async () => {
    const control = await startControl();
    const { url, keys } = control;
    const { paths } = (await (await fetch(new URL("/openapi.json", url))).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const learnt: string[] = [];
    for (const [template, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations)) {
        for (const key of ["dark-mode", "watched", "nothing"]) {
          const path = template
            .replace("{set}", "shop.prod")
            .replace("{key}", key)
            .replace("{revision}", "1")
            .replace(/\{\w+\}/g, "x");
          const response = await fetch(new URL(path, url), {
            method: method.toUpperCase(),
            headers: { authorization: `Bearer ${keys.evaluate}` },
            ...(method === "get" ? {} : { body: JSON.stringify({ context: { targetingKey: "u" } }) }),
          });
          if (path !== "/openapi.json")
            learnt.push(await response.text(), JSON.stringify([...response.headers]));
        }
      }
    }
    for (const secret of [
      /secret-salt/,
      /team-/,
      /UI-7/,
      /corp\.example/,
      /\$evaluators/,
      /internal/,
      /fractional/,
      /previous/,
    ]) {
      expect(learnt.join("\n")).not.toMatch(secret);
    }
  });
});
