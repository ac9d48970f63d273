import { spawn } from "node:child_process";
import { createRequire } from "node:module";

import { openPostgresStore } from "@flagspan/control";
import type { Store } from "@flagspan/control";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { changeOf, commitOf, describeStore } from "../../control/store/suite.ts";
import { startPostgres } from "./postgres-cluster.ts";
import type { PostgresCluster } from "./postgres-cluster.ts";

type Sql = { unsafe(text: string): Promise<unknown>; end(): Promise<void> };

let cluster: PostgresCluster;
let sql: Sql;

beforeAll(async () => {
  cluster = await startPostgres();
  const controlRequire = createRequire(import.meta.resolve("@flagspan/control"));
  const postgres = controlRequire("postgres") as (url: string, options: object) => Sql;
  sql = postgres(cluster.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await cluster.stop();
});

describeStore("the Postgres store", {
  open: (options) => openPostgresStore({ ...options, url: cluster.url }),
  reopens: true,
  tamper: async (seq) => {
    await sql.unsafe(
      `UPDATE flagspan.changes SET body = replace(body, 'alice', 'mallory') WHERE seq = ${seq}`,
    );
  },
  clear: async () => {
    await sql.unsafe("DROP SCHEMA IF EXISTS flagspan CASCADE");
  },
});

describe("several processes over one Postgres", () => {
  let stores: Store[] = [];

  beforeAll(async () => {
    await sql.unsafe("DROP SCHEMA IF EXISTS flagspan CASCADE");
    stores = await Promise.all([1, 2, 3].map(() => openPostgresStore({ url: cluster.url })));
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
  });

  it("let one of many racing writers win each revision", async () => {
    for (let revision = 1; revision <= 10; revision += 1) {
      const results = await Promise.all(
        stores.map((store, index) =>
          store.rulesets.commit({ ...commitOf(revision), changes: [], text: `by ${index}` }),
        ),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(1);
    }
    expect(await stores[0]?.rulesets.head("shop.prod")).toBe(10);
  });

  it("hear of each other again after the server has cut every connection, and lose no write to it", async () => {
    const [writer, reader] = stores;
    if (writer === undefined || reader === undefined) throw new TypeError("the stores are open");
    const heard: string[] = [];
    const stop = reader.rulesets.onCommit((set) => heard.push(set));
    const set = "cut.prod";
    for (let revision = 1; revision <= 5; revision += 1) {
      const cut = sql.unsafe(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flagspan-control'",
      );
      const commit = { ...commitOf(revision), set, changes: [changeOf(`cut-${revision}`)] };
      // The connection may go before, in or after the transaction: only asking again tells.
      await expect
        .poll(
          async () => {
            await cut;
            const result = await writer.rulesets.commit(commit).catch(() => undefined);
            return result?.ok === true || (await reader.rulesets.head(set).catch(() => 0)) === revision;
          },
          { timeout: 20_000 },
        )
        .toBe(true);
    }
    await expect.poll(() => heard.includes(set), { timeout: 20_000 }).toBe(true);
    heard.length = 0;
    await expect
      .poll(async () => (await writer.rulesets.commit({ ...commitOf(6), set, changes: [] })).ok, {
        timeout: 20_000,
      })
      .toBe(true);
    await expect.poll(() => heard.includes(set), { timeout: 20_000 }).toBe(true);
    stop();
    const ids = (await reader.audit.list({ set: "shop.prod", limit: 1000 })).map((entry) => entry.change.id);
    expect(ids.filter((id) => id.startsWith("cut-"))).toEqual([1, 2, 3, 4, 5].map((n) => `cut-${n}`));
    expect(await reader.audit.verify()).toMatchObject({ ok: true });
  }, 120_000);

  it("tell each other of commits, changes and keys", async () => {
    const heard = new Set<string>();
    const [writer, reader] = stores;
    if (writer === undefined || reader === undefined) throw new TypeError("three stores are open");
    reader.rulesets.onCommit((set) => heard.add(`commit ${set}`));
    reader.outbox.onAppend(() => heard.add("append"));
    reader.keys.onChange(() => heard.add("keys"));
    await writer.rulesets.commit({ ...commitOf(1), set: "shop.dev" });
    await writer.keys.add({
      id: "0123456789abcdef",
      name: "k",
      secretSha256: "",
      scopes: ["sync"],
      sets: ["*"],
      actorType: "api",
      createdAt: "2026-01-01T00:00:00.000Z",
    });
    await expect
      .poll(() => [...heard].sort(), { timeout: 4000 })
      .toEqual(["append", "commit shop.dev", "keys"]);
  });

  it("take over the lease of a process that died at once, and of one that hangs when it has run out", async () => {
    const [first, second] = stores;
    const script = `import { openPostgresStore } from "@flagspan/control";
      const store = await openPostgresStore({ url: ${JSON.stringify(cluster.url)} });
      console.log(await store.documents.acquireLease("guard", "doomed", 60_000));
      setInterval(() => {}, 1000);`;
    const doomed = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const token = await new Promise<number>((resolve) => {
      doomed.stdout.once("data", (line: Buffer) => resolve(Number(line)));
    });
    expect(await first?.documents.acquireLease("guard", "first", 1000)).toBeUndefined();
    doomed.kill("SIGKILL");
    await expect
      .poll(async () => first?.documents.acquireLease("guard", "first", 1000), { timeout: 4000 })
      .toBe(token + 1);
    expect(await second?.documents.acquireLease("guard", "second", 1000)).toBeUndefined();
    // `first` renews no more, and its session stays: only time tells.
    await expect
      .poll(async () => second?.documents.acquireLease("guard", "second", 1000), { timeout: 4000 })
      .toBe(token + 2);
  });

  it("share claims, secrets, leases and what is connected where", async () => {
    const claims = await Promise.all(stores.map((store) => store.claimOnce("ticket", 60_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    const secrets = await Promise.all(stores.map((store) => store.secret("unit:x")));
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString("hex"))).size).toBe(1);
    const leases = await Promise.all(
      stores.map((store, index) => store.outbox.acquireLease("otlp", `p${index}`, 60_000)),
    );
    expect(leases.filter(Boolean)).toHaveLength(1);
    await stores[0]?.presence.publish("p0", "shop.prod", { seen: 7 }, 60_000);
    await stores[1]?.presence.publish("p1", "shop.prod", { seen: 8 }, 0);
    expect(await stores[2]?.presence.others("p2", "shop.prod")).toEqual([{ seen: 7 }]);
    expect(await stores[0]?.presence.others("p0", "shop.prod")).toEqual([]);
  });
});
