import { ControlError, openMemoryStore } from "@flagspan/control";
import type { Store } from "@flagspan/control";
import { describe, expect, it } from "vitest";

import { startControl } from "../start.ts";

const FLAG = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" } as const;

describe("changing flags", () => {
  it("names the segments a flag decides by, in what was and what is", async () => {
    const { ask } = await startControl();
    const ruleset = {
      flags: { search: { ...FLAG, targeting: { if: [{ $ref: "staff" }, "on", "off"] } } },
      $evaluators: { staff: { ends_with: [{ var: "email" }, "@shop.example"] } },
    };
    await ask("PUT", "/v1/rulesets/shop.test", { body: { ruleset, reason: "start" } });
    const response = await ask("PATCH", "/v1/flags/shop.test/search", {
      body: { flag: { defaultVariant: "off" }, reason: "off by default" },
    });
    expect(await response.json()).toMatchObject({
      change: { previous: { segments: ["staff"] }, current: { segments: ["staff"] } },
    });
  });

  it("writes a flag and answers with the flag, its revision and the change", async () => {
    const { ask } = await startControl();
    const response = await ask("PUT", "/v1/flags/shop.prod/search", {
      body: { flag: FLAG, reason: "new search" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe('"2"');
    expect(await response.json()).toMatchObject({
      flag: FLAG,
      revision: "2",
      change: {
        flagSetId: "shop.prod",
        flagKey: "search",
        action: "created",
        actor: { id: "alice", type: "user" },
        reason: "new search",
        revision: "2",
        previousRevision: "1",
        source: "flagspan",
      },
    });
    expect(await (await ask("GET", "/v1/flags/shop.prod/search")).json()).toEqual({
      flag: FLAG,
      revision: "2",
      killed: false,
    });
  });

  it("takes the actor from the key, never from the body", async () => {
    const { ask, keys } = await startControl();
    const response = await ask("PUT", "/v1/flags/shop.prod/search", {
      key: keys.write,
      body: { flag: FLAG, reason: "x", actor: { id: "mallory", type: "user" } },
    });
    expect(response.status).toBe(422);
    const good = await ask("PUT", "/v1/flags/shop.prod/search", {
      key: keys.write,
      body: { flag: FLAG, reason: "x" },
    });
    expect(await good.json()).toMatchObject({ change: { actor: { id: "key-write", type: "api" } } });
  });

  it.each([[{}], [{ reason: "" }], [{ reason: "   " }], [{ reason: 7 }]])(
    "asks for a reason: %j",
    async (given) => {
      const { ask } = await startControl();
      const response = await ask("PUT", "/v1/flags/shop.prod/search", { body: { flag: FLAG, ...given } });
      expect(response.status).toBe(422);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ status: 422, title: "Unprocessable Content" });
    },
  );

  it("refuses a write on top of a revision the caller has not seen, with 412", async () => {
    const { ask } = await startControl();
    const put = (ifMatch: string): Promise<Response> =>
      ask("PUT", "/v1/flags/shop.prod/search", {
        body: { flag: FLAG, reason: "x" },
        headers: { "if-match": ifMatch },
      });
    expect((await put('"1"')).status).toBe(200);
    expect((await put('"1"')).status).toBe(412);
    expect((await put("1")).status).toBe(400);
    expect((await put("*")).status).toBe(200);
  });

  it("merges a patch into the definition and removes what is null", async () => {
    const { ask } = await startControl();
    const response = await ask("PATCH", "/v1/flags/shop.prod/dark-mode", {
      body: { flag: { state: "DISABLED", targeting: null, metadata: { owner: "team-b" } }, reason: "x" },
    });
    const { flag, change } = (await response.json()) as { flag: unknown; change: unknown };
    expect(flag).toEqual({
      state: "DISABLED",
      variants: { on: true, off: false },
      defaultVariant: "on",
      metadata: { owner: "team-b", ticket: "UI-7" },
    });
    expect(change).toMatchObject({ action: "disabled" });
  });

  it("removes a flag", async () => {
    const { ask } = await startControl();
    const response = await ask("DELETE", "/v1/flags/shop.prod/banner", { body: { reason: "unused" } });
    expect(await response.json()).toMatchObject({ revision: "2", change: { action: "deleted" } });
    expect((await ask("GET", "/v1/flags/shop.prod/banner")).status).toBe(404);
    expect((await ask("DELETE", "/v1/flags/shop.prod/banner", { body: { reason: "again" } })).status).toBe(
      404,
    );
  });

  it("refuses a broken definition with every issue and changes nothing", async () => {
    const { ask } = await startControl();
    const response = await ask("PUT", "/v1/flags/shop.prod/search", {
      body: { flag: { state: "MAYBE", variants: {} }, reason: "x" },
    });
    expect(response.status).toBe(422);
    const { issues } = (await response.json()) as { issues: unknown[] };
    expect(issues.length).toBeGreaterThan(0);
    expect((await ask("GET", "/v1/flags/shop.prod/search")).status).toBe(404);
  });

  it("makes no revision where nothing changes", async () => {
    const { ask } = await startControl();
    const put = (): Promise<Response> =>
      ask("PUT", "/v1/flags/shop.prod/search", { body: { flag: FLAG, reason: "x" } });
    await put();
    expect(await (await put()).json()).toMatchObject({ revision: "2", change: null });
  });

  it("answers a retry with the same Idempotency-Key with the first change", async () => {
    const { ask } = await startControl();
    const put = async (): Promise<{ change: { id: string }; revision: string }> => {
      const response = await ask("PUT", "/v1/flags/shop.prod/search", {
        body: { flag: FLAG, reason: "x" },
        headers: { "idempotency-key": "retry-1" },
      });
      return (await response.json()) as { change: { id: string }; revision: string };
    };
    const first = await put();
    const second = await put();
    expect(second.change.id).toBe(first.change.id);
    expect(second.revision).toBe(first.revision);
  });

  it("keeps the trace of the request that caused the change", async () => {
    const { ask } = await startControl();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const response = await ask("PUT", "/v1/flags/shop.prod/search", {
      body: { flag: FLAG, reason: "x" },
      headers: { traceparent },
    });
    expect(await response.json()).toMatchObject({ change: { traceparent } });
  });

  it("makes a set with its first flag", async () => {
    const { ask } = await startControl();
    await ask("PUT", "/v1/flags/shop.dev/search", { body: { flag: FLAG, reason: "x" } });
    expect(await (await ask("GET", "/v1/flags/shop.dev")).json()).toEqual({
      set: "shop.dev",
      revision: "1",
      flags: { search: FLAG },
      killed: [],
    });
  });

  it("takes a flag key with a slash as one encoded segment", async () => {
    const { ask } = await startControl();
    expect(await (await ask("GET", "/v1/flags/shop.prod/checkout%2Fnew")).json()).toMatchObject({
      flag: { defaultVariant: "off" },
    });
  });

  it("orders racing writes: each gets its own revision and the log has no gap", async () => {
    const { ask, store } = await startControl();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const response = await ask("PUT", `/v1/flags/shop.prod/f${index}`, {
          body: { flag: FLAG, reason: "race" },
        });
        return ((await response.json()) as { revision: string }).revision;
      }),
    );
    expect(answers.map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });
});

describe("a store that cannot be written", () => {
  it.each([
    { what: "a full disk", error: new ControlError("store-unavailable", "disk full") },
    { what: "a database that restarts", error: Object.assign(new Error("terminating"), { code: "57P01" }) },
    { what: "a lost connection", error: Object.assign(new Error("closed"), { code: "CONNECTION_CLOSED" }) },
  ])("is told as 503 for $what, and the old revision stays in force", async ({ error }) => {
    const store = await openMemoryStore();
    let isAway = false;
    const rulesets: Store["rulesets"] = {
      ...store.rulesets,
      commit: (commit) => (isAway ? Promise.reject(error) : store.rulesets.commit(commit)),
    };
    const { ask } = await startControl({ store: { ...store, rulesets } });
    const write = (): Promise<Response> =>
      ask("PATCH", "/v1/flags/shop.prod/banner", {
        body: { flag: { defaultVariant: "b" }, reason: "x" },
      });
    isAway = true;
    const refused = await write();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await (await ask("GET", "/v1/rulesets/shop.prod")).json()).toMatchObject({
      metadata: { version: "1" },
    });
    isAway = false;
    expect((await write()).status).toBe(200);
  });
});

describe("writers that race with the same If-Match", () => {
  it("let exactly one through, and tell the others to read again", async () => {
    const { ask } = await startControl();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        ask("PATCH", "/v1/flags/shop.prod/banner", {
          body: { flag: { metadata: { description: `by ${index}` } }, reason: "race" },
          headers: { "if-match": '"1"' },
        }),
      ),
    );
    const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
  });
});
