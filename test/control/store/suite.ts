import { createHash } from "node:crypto";

import type { RulesetCommit, Store, StoreOptions } from "@flagspan/control";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** How a suite gets at the implementation under test. */
export interface StoreUnderTest {
  /** Opens the store, empty on the first call of each case. */
  open(options?: StoreOptions): Promise<Store>;
  /** Closes and opens again over the same data; absent where closing forgets. */
  readonly reopens: boolean;
  /** Changes the text of an entry behind the store's back; absent where nothing can. */
  tamper?(seq: number): Promise<void>;
  /** Forgets all data. */
  clear(): Promise<void>;
}

/** What every store promises. */
export function describeStore(name: string, under: StoreUnderTest): void {
  describe(`${name} keeps what a store promises: it`, () => {
    let store: Store;
    let nowMs = 1_000_000;

    beforeEach(async () => {
      await under.clear();
      nowMs = 1_000_000;
      store = await under.open({ now: () => nowMs });
    });
    afterEach(() => store.close());

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await under.open({ now: () => nowMs });
    };

    it("starts empty", async () => {
      expect(await store.rulesets.sets()).toEqual([]);
      expect(await store.rulesets.head("shop.prod")).toBe(0);
      expect(await store.rulesets.load("shop.prod")).toBeUndefined();
      expect(await store.audit.list({ limit: 10 })).toEqual([]);
      expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 0 });
      expect(await store.outbox.readAfter(0, 10)).toEqual([]);
    });

    it("keeps a commit with its audit entries, and the entries are the outbox", async () => {
      const result = await store.rulesets.commit(commitOf(1));
      expect(result).toMatchObject({ ok: true, revision: 1 });
      expect((await store.rulesets.load("shop.prod"))?.base).toBe("text 1");
      const entries = await store.audit.list({ limit: 10 });
      expect(entries.map((entry) => [entry.seq, entry.change.id])).toEqual([[1, "change-1"]]);
      expect((await store.outbox.readAfter(0, 10)).map((entry) => entry.change)).toEqual(
        entries.map((entry) => entry.change),
      );
    });

    it("names every set once, in order, however many revisions it has", async () => {
      for (const set of ["shop.prod", "a", "shop.dev", "z-9", "shop"]) {
        for (const revision of [1, 2, 3])
          await store.rulesets.commit({ ...commitOf(revision), set, changes: [] });
      }
      expect(await store.rulesets.sets()).toEqual(["a", "shop", "shop.dev", "shop.prod", "z-9"]);
    });

    it("refuses the second of two writers that started from the same revision, and keeps nothing of it", async () => {
      await store.rulesets.commit(commitOf(1));
      const late = await store.rulesets.commit({ ...commitOf(1), changes: [changeOf("late")] });
      expect(late).toEqual({ ok: false, code: "conflict", revision: 1 });
      expect(await store.audit.find("late")).toBeUndefined();
      expect(await store.rulesets.head("shop.prod")).toBe(1);
    });

    it("gives a revision as the nearest whole text and the patches from there", async () => {
      await store.rulesets.commit(commitOf(1));
      await store.rulesets.commit({ ...commitOf(2), text: null, patch: "patch 2" });
      await store.rulesets.commit({ ...commitOf(3), text: null, patch: "patch 3" });
      await store.rulesets.commit({ ...commitOf(4), patch: "patch 4" });
      expect(await store.rulesets.load("shop.prod", 3)).toMatchObject({
        revision: 3,
        base: "text 1",
        patches: ["patch 2", "patch 3"],
      });
      expect(await store.rulesets.load("shop.prod")).toMatchObject({
        revision: 4,
        base: "text 4",
        patches: [],
      });
      expect(await store.rulesets.load("shop.prod", 5)).toBeUndefined();
      const steps = await store.rulesets.stepsAfter("shop.prod", 2);
      expect(steps.map((step) => [step.revision, step.patch])).toEqual([
        [3, "patch 3"],
        [4, "patch 4"],
      ]);
    });

    it("keeps sets apart", async () => {
      await store.rulesets.commit(commitOf(1));
      await store.rulesets.commit({
        ...commitOf(1),
        set: "shop.dev",
        changes: [changeOf("dev", "shop.dev")],
      });
      expect(await store.rulesets.sets()).toEqual(["shop.dev", "shop.prod"]);
      expect(
        (await store.audit.list({ set: "shop.dev", limit: 10 })).map((entry) => entry.change.id),
      ).toEqual(["dev"]);
    });

    it("appends a foreign change once, however often it is told", async () => {
      const first = await store.audit.append([changeOf("a"), changeOf("b"), changeOf("a")]);
      const again = await store.audit.append([changeOf("b"), changeOf("c")]);
      expect(first.map((entry) => entry.change.id)).toEqual(["a", "b"]);
      expect(again.map((entry) => [entry.seq, entry.change.id])).toEqual([[3, "c"]]);
    });

    it("pages the log from the front and from the back, always oldest first", async () => {
      await store.audit.append(["a", "b", "c", "d"].map((id) => changeOf(id)));
      const ids = async (query: Parameters<Store["audit"]["list"]>[0]): Promise<readonly string[]> =>
        (await store.audit.list(query)).map((entry) => entry.change.id);
      expect(await ids({ limit: 2 })).toEqual(["a", "b"]);
      expect(await ids({ limit: 2, after: 2 })).toEqual(["c", "d"]);
      expect(await ids({ limit: 2, newest: true })).toEqual(["c", "d"]);
      expect(await ids({ limit: 2, newest: true, before: 3 })).toEqual(["a", "b"]);
      expect(await ids({ limit: 9, flag: "other" })).toEqual([]);
    });

    it("lists the whole history of flags that were ever killed", async () => {
      await store.audit.append([
        changeOf("a"),
        { ...changeOf("b"), flagKey: "other" },
        { ...changeOf("c"), action: "killed" },
        changeOf("d"),
      ]);
      expect((await store.audit.killedFlags("shop.prod")).map((entry) => entry.change.id)).toEqual([
        "a",
        "c",
        "d",
      ]);
    });

    it("chains every entry to the one before", async () => {
      await store.audit.append([changeOf("a"), changeOf("b")]);
      await store.audit.append([changeOf("c")]);
      const entries = await store.audit.list({ limit: 10 });
      let head = "0".repeat(64);
      for (const entry of entries) {
        head = createHash("sha256")
          .update(`${head}\n${JSON.stringify(entry.change)}`)
          .digest("hex");
        expect(entry.hash).toBe(head);
      }
      expect(await store.audit.verify()).toEqual({ ok: true, entries: 3, head });
    });

    it.runIf(under.tamper !== undefined)("names the first entry that was altered", async () => {
      await store.audit.append([changeOf("a"), changeOf("b"), changeOf("c")]);
      await store.close();
      await under.tamper?.(2);
      store = await under.open({ now: () => nowMs });
      expect(await store.audit.verify()).toMatchObject({ ok: false, entries: 3, brokenAt: 2 });
    });

    it("moves a sink's cursor forward only", async () => {
      expect(await store.outbox.cursor("otlp")).toBe(0);
      await store.outbox.advance("otlp", 5);
      await store.outbox.advance("otlp", 3);
      expect(await store.outbox.cursor("otlp")).toBe(5);
      expect(await store.outbox.cursor("datadog")).toBe(0);
    });

    it("keeps dead letters by sink", async () => {
      const [entry] = await store.audit.append([changeOf("a")]);
      if (entry === undefined) throw new TypeError("one entry was appended");
      await store.outbox.deadLetter("otlp", entry, "refused with 400");
      expect(await store.outbox.deadLetters("otlp")).toEqual([{ seq: 1, reason: "refused with 400" }]);
      expect(await store.outbox.deadLetters("datadog")).toEqual([]);
    });

    it("gives a lease to one owner until it runs out", async () => {
      expect(await store.outbox.acquireLease("otlp", "a", 1000)).toBe(true);
      expect(await store.outbox.acquireLease("otlp", "b", 1000)).toBe(false);
      expect(await store.outbox.acquireLease("otlp", "a", 1000)).toBe(true);
      nowMs += 1001;
      expect(await store.outbox.acquireLease("otlp", "b", 1000)).toBe(true);
      expect(await store.outbox.acquireLease("otlp", "a", 1000)).toBe(false);
    });

    it("fences leases: every new holder gets a greater number", async () => {
      const first = await store.documents.acquireLease("guard", "a", 1000);
      expect(await store.documents.acquireLease("guard", "a", 1000)).toBe(first);
      expect(await store.documents.acquireLease("guard", "b", 1000)).toBeUndefined();
      nowMs += 1001;
      const second = await store.documents.acquireLease("guard", "b", 1000);
      expect(second).toBeGreaterThan(first ?? Infinity);
    });

    it("keeps only the newest entries of a log where that is asked, and counts on", async () => {
      for (let step = 1; step <= 5; step += 1) await store.documents.append("unknown", "ld", { step }, 3);
      await store.documents.append("unknown", "other", { step: 1 }, 3);
      expect(await store.documents.read("unknown", "ld", 0, 10)).toEqual([
        { seq: 3, body: { step: 3 } },
        { seq: 4, body: { step: 4 } },
        { seq: 5, body: { step: 5 } },
      ]);
      expect(await store.documents.read("unknown", "ld", 3, 1)).toEqual([{ seq: 4, body: { step: 4 } }]);
      expect(await store.documents.read("unknown", "other", 0, 10)).toHaveLength(1);
    });

    it("swaps documents only from the version the writer saw", async () => {
      expect(await store.documents.put("rollout", "r1", { stage: 1 }, null)).toBe(1);
      expect(await store.documents.put("rollout", "r1", { stage: 9 }, null)).toBe("conflict");
      expect(await store.documents.put("rollout", "r1", { stage: 2 }, 1)).toBe(2);
      expect(await store.documents.put("rollout", "r1", { stage: 3 }, 1)).toBe("conflict");
      expect(await store.documents.list("rollout")).toEqual([{ id: "r1", version: 2, body: { stage: 2 } }]);
      expect(await store.documents.list("other")).toEqual([]);
    });

    it("appends to logs in order and reads them in pages", async () => {
      for (const step of [1, 2, 3]) await store.documents.append("decisions", "r1", { step });
      await store.documents.append("decisions", "r2", { step: 9 });
      expect(await store.documents.read("decisions", "r1", 1, 10)).toEqual([
        { seq: 2, body: { step: 2 } },
        { seq: 3, body: { step: 3 } },
      ]);
      expect(await store.documents.read("decisions", "r1", 0, 1)).toEqual([{ seq: 1, body: { step: 1 } }]);
    });

    it("keeps keys and revokes them once", async () => {
      const key = {
        id: "0123456789abcdef",
        name: "alice",
        secretSha256: "f".repeat(64),
        scopes: ["write", "kill"],
        sets: ["shop.prod"],
        actorType: "user",
        createdAt: "2026-01-01T00:00:00.000Z",
      } as const;
      await store.keys.add(key);
      expect(await store.keys.list()).toEqual([key]);
      expect(await store.keys.revoke(key.id, "2026-01-02T00:00:00.000Z")).toBe(true);
      expect(await store.keys.revoke(key.id, "2026-01-03T00:00:00.000Z")).toBe(true);
      expect(await store.keys.revoke("nobody", "2026-01-03T00:00:00.000Z")).toBe(false);
      expect((await store.keys.list())[0]?.revokedAt).toBe("2026-01-02T00:00:00.000Z");
    });

    it("makes a secret once per name", async () => {
      const secret = await store.secret("unit:shop.prod");
      expect(secret).toHaveLength(32);
      expect(await store.secret("unit:shop.prod")).toEqual(secret);
      expect(await store.secret("unit:shop.dev")).not.toEqual(secret);
    });

    it("lets one caller claim a name until it runs out", async () => {
      expect(await store.claimOnce("token", 1000)).toBe(true);
      expect(await store.claimOnce("token", 1000)).toBe(false);
      nowMs += 1001;
      expect(await store.claimOnce("token", 1000)).toBe(true);
    });

    it("tells listeners of commits, appends and keys", async () => {
      const heard: string[] = [];
      const waiting: (() => void)[] = [];
      const hear = (what: string): void => {
        heard.push(what);
        for (const wake of waiting.splice(0)) wake();
      };
      const until = async (what: string): Promise<void> => {
        while (!heard.includes(what)) await new Promise<void>((resolve) => waiting.push(resolve));
      };
      const stop = [
        store.rulesets.onCommit((set) => hear(`commit ${set}`)),
        store.outbox.onAppend(() => hear("append")),
        store.keys.onChange(() => hear("keys")),
      ];
      await store.rulesets.commit(commitOf(1));
      await Promise.all([until("commit shop.prod"), until("append")]);
      await store.keys.add({
        id: "0123456789abcdef",
        name: "k",
        secretSha256: "",
        scopes: ["sync"],
        sets: ["*"],
        actorType: "api",
        createdAt: "2026-01-01T00:00:00.000Z",
      });
      await until("keys");
      expect(heard).toEqual(expect.arrayContaining(["commit shop.prod", "append", "keys"]));
      for (const end of stop) end();
    });

    it("answers while it can be written", async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it.runIf(under.reopens)("finds everything again after it was closed", async () => {
      await store.rulesets.commit(commitOf(1));
      await store.outbox.advance("otlp", 1);
      await store.documents.put("rollout", "r1", { stage: 1 }, null);
      const secret = await store.secret("unit:shop.prod");
      const before = await store.audit.verify();
      await reopen();
      expect((await store.rulesets.load("shop.prod"))?.base).toBe("text 1");
      expect(await store.outbox.cursor("otlp")).toBe(1);
      expect(await store.documents.list("rollout")).toHaveLength(1);
      expect(await store.secret("unit:shop.prod")).toEqual(secret);
      expect(await store.audit.verify()).toEqual(before);
    });
  });
}

type FlagChange = RulesetCommit["changes"][number];

/** A change that matters only by its id. */
export function changeOf(id: string, flagSetId = "shop.prod"): FlagChange {
  return {
    id,
    occurredAt: "2026-01-01T00:00:00.000Z",
    source: "flagspan",
    flagSetId,
    flagKey: "dark-mode",
    action: "updated",
    actor: { id: "alice", type: "user" },
  };
}

/** The commit that makes `revision` of shop.prod, stored whole. */
export function commitOf(revision: number): RulesetCommit {
  return {
    set: "shop.prod",
    expected: revision - 1,
    sha256: "0".repeat(64),
    at: "2026-01-01T00:00:00.000Z",
    text: `text ${revision}`,
    patch: null,
    changes: [changeOf(`change-${revision}`)],
  };
}
