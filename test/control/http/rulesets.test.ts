import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { RULESET, startControl } from "../start.ts";

describe("serving rulesets", () => {
  it("serves canonical bytes whose SHA-256 is the strong ETag, with set and revision in the metadata", async () => {
    const { ask, keys } = await startControl();
    const response = await ask("GET", "/v1/rulesets/shop.prod", {
      key: keys.sync,
      headers: { "accept-encoding": "identity" },
    });
    const text = await response.text();
    expect(response.headers.get("etag")).toBe(`"${createHash("sha256").update(text).digest("hex")}"`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(text)).toEqual({ ...RULESET, metadata: { flagSetId: "shop.prod", version: "1" } });
  });

  it("answers 304 to whoever has it, and the same bytes compressed to whoever can read that", async () => {
    const { ask } = await startControl();
    const first = await ask("GET", "/v1/rulesets/shop.prod");
    expect(first.headers.get("content-encoding")).toBe("gzip");
    const etag = first.headers.get("etag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const second = await ask("GET", "/v1/rulesets/shop.prod", { headers: { "if-none-match": tag } });
      expect(second.status).toBe(304);
      expect(second.headers.get("etag")).toBe(etag);
    }
    expect((await ask("GET", "/v1/rulesets/shop.prod", { headers: { "if-none-match": '"x"' } })).status).toBe(
      200,
    );
  });

  it("hands the unit secret to sync clients in a header and nowhere else", async () => {
    const { ask, keys } = await startControl();
    const sync = await ask("GET", "/v1/rulesets/shop.prod", { key: keys.sync });
    const secret = sync.headers.get("flagspan-unit-secret") ?? "";
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    expect(await sync.text()).not.toContain(secret);
    const bulk = await ask("POST", "/ofrep/v1/evaluate/flags", { key: keys.evaluate, body: {} });
    expect(bulk.headers.has("flagspan-unit-secret")).toBe(false);
  });

  it("keeps every past revision, bytes and all", async () => {
    const { ask } = await startControl();
    const first = await (await ask("GET", "/v1/rulesets/shop.prod")).text();
    for (let index = 0; index < 70; index += 1) {
      await ask("PATCH", "/v1/flags/shop.prod/banner", {
        body: { flag: { defaultVariant: index % 2 === 0 ? "b" : "a" }, reason: "toggle" },
      });
    }
    expect(await (await ask("GET", "/v1/rulesets/shop.prod/revisions/1")).text()).toBe(first);
    const now = await ask("GET", "/v1/rulesets/shop.prod");
    const same = await ask("GET", "/v1/rulesets/shop.prod/revisions/71");
    expect(same.headers.get("etag")).toBe(now.headers.get("etag"));
    expect(await same.text()).toBe(await now.text());
    for (const revision of ["0", "72", "latest", "007"]) {
      expect((await ask("GET", `/v1/rulesets/shop.prod/revisions/${revision}`)).status).toBe(404);
    }
  });

  it("serves the same bytes after a restart, from whole texts and patches", async () => {
    const first = await startControl();
    await first.ask("PUT", "/v1/flags/shop.prod/a", {
      body: { flag: { state: "ENABLED", variants: { on: true }, defaultVariant: "on" }, reason: "x" },
    });
    const before = await first.ask("GET", "/v1/rulesets/shop.prod");
    const second = await startControl({ store: first.store });
    const after = await second.ask("GET", "/v1/rulesets/shop.prod");
    expect(after.headers.get("etag")).toBe(before.headers.get("etag"));
  });

  it("imports a whole ruleset as one revision and tells each difference", async () => {
    const { ask, keys } = await startControl();
    const { "dark-mode": darkMode, ...others } = RULESET.flags;
    const ruleset = {
      ...RULESET,
      flags: { ...others, "dark-mode": { ...darkMode, state: "DISABLED" }, extra: others.banner },
      metadata: { flagSetId: "somebody.else", version: "99", team: "shop" },
    };
    const response = await ask("PUT", "/v1/rulesets/shop.prod", {
      key: keys.admin,
      body: { ruleset, reason: "sync" },
    });
    const { revision, changes } = (await response.json()) as {
      revision: string;
      changes: { flagKey: string; action: string }[];
    };
    expect(revision).toBe("2");
    expect(Object.fromEntries(changes.map((change) => [change.flagKey, change.action]))).toEqual({
      "dark-mode": "disabled",
      extra: "created",
    });
    const served = (await (await ask("GET", "/v1/rulesets/shop.prod")).json()) as { metadata: unknown };
    expect(served.metadata).toEqual({ flagSetId: "shop.prod", version: "2", team: "shop" });
  });

  it("refuses a broken ruleset whole", async () => {
    const { ask } = await startControl();
    const ruleset = { flags: { ...RULESET.flags, broken: { state: "ENABLED" } } };
    const response = await ask("PUT", "/v1/rulesets/shop.prod", { body: { ruleset, reason: "sync" } });
    expect(response.status).toBe(422);
    expect(await response.json()).toHaveProperty("issues");
    const served = (await (await ask("GET", "/v1/rulesets/shop.prod")).json()) as {
      metadata: { version: string };
    };
    expect(served.metadata.version).toBe("1");
  });

  it("knows no set nobody has written to", async () => {
    const { ask } = await startControl();
    expect((await ask("GET", "/v1/rulesets/nobody")).status).toBe(404);
    expect((await ask("GET", "/v1/rulesets/nobody/stream")).status).toBe(404);
    expect((await ask("GET", "/v1/rulesets/nobody/applied")).status).toBe(404);
  });
});

describe("the audit log", () => {
  it("is paged, newest last, and its chain holds", async () => {
    const { ask } = await startControl();
    type Page = { changes: { seq: number; change: { flagKey: string } }[]; next: number };
    const page = async (query: string): Promise<Page> =>
      (await ask("GET", `/v1/changes?${query}`)).json() as Promise<Page>;
    const all = await page("set=shop.prod");
    expect(all.changes.map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
    const first = await page("limit=3");
    expect(first.next).toBe(3);
    expect((await page(`limit=3&after=${first.next}`)).changes.map((entry) => entry.seq)).toEqual([4]);
    expect((await page("flag=banner")).changes).toHaveLength(1);
    expect(await (await ask("GET", "/v1/changes/verify")).json()).toMatchObject({ ok: true, entries: 4 });
    expect((await ask("GET", "/v1/changes?after=x")).status).toBe(400);
  });

  it("shows a key only the sets it reaches", async () => {
    const { ask, keys } = await startControl();
    const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
    await ask("PUT", "/v1/flags/shop.dev/a", { body: { flag, reason: "x" } });
    const response = await ask("GET", "/v1/changes", { key: keys.write });
    const { changes } = (await response.json()) as { changes: { change: { flagSetId: string } }[] };
    expect(new Set(changes.map((entry) => entry.change.flagSetId))).toEqual(new Set(["shop.prod"]));
    expect((await ask("GET", "/v1/changes?set=shop.dev", { key: keys.write })).status).toBe(403);
  });
});
