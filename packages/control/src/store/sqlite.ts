import { randomBytes } from "node:crypto";

import type { FlagChange } from "@flagspan/ruleset/change";

import { CHAIN_START, createChainCheck } from "./chain.ts";
import { createListeners } from "./listeners.ts";
import { claimIn } from "./memory.ts";
import { chainChanges, selectSets, toDocument, toEntry, toKey, toRevision, toStep } from "./rows.ts";
import type { ChangeRow, KeyRow, RevisionRow } from "./rows.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import type {
  AuditEntry,
  AuditLog,
  DocumentStore,
  KeyStore,
  Outbox,
  RulesetStore,
  Store,
  StoreOptions,
} from "./store.ts";

const VERIFY_PAGE = 1000;
const ENTRY = "SELECT seq, body, hash FROM changes";

/**
 * Opens a store in one SQLite file, for one control process.
 *
 * Every write returns after its fsync. The calls block this process for about as long as the disk takes; that is
 * what makes write, audit entry and outbox one transaction without a server beside it. Throws `store-locked` where
 * another process has the file.
 */
export async function openSqliteStore(options: StoreOptions & { readonly path: string }): Promise<Store> {
  const now = options.now ?? Date.now;
  // The driver is native code of some megabytes: only who uses it loads it.
  const { openSqliteFile } = await import("./sqlite-file.ts");
  const file = openSqliteFile(options.path);
  const appended = createListeners<[]>();
  const claims = new Map<string, number>();
  const leases = createLeases(file, now);
  return {
    kind: "sqlite",
    rulesets: createRulesets(file, appended.call),
    audit: createAudit(file, appended.call),
    outbox: createOutbox(file, leases, appended.add, now),
    documents: createDocuments(file, leases),
    keys: createKeys(file),
    presence: { publish: async () => {}, others: async () => [] },
    secret: async (name) => {
      file.run(
        "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)",
        name,
        new Uint8Array(randomBytes(32)),
      );
      const row = file.get<{ value: ArrayLike<number> }>("SELECT value FROM secrets WHERE name = ?", name);
      return Uint8Array.from(row?.value ?? []);
    },
    claimOnce: async (name, ttlMs) => claimIn(claims, name, now(), ttlMs),
    ping: async () => {
      file.transaction(() => file.get("SELECT 1"));
    },
    close: async () => file.close(),
  };
}

/** Within a transaction: chains what is not in the log yet. */
function appendChanges(file: SqliteFile, changes: readonly FlagChange[]): readonly AuditEntry[] {
  const last = file.get<ChangeRow>(`${ENTRY} ORDER BY seq DESC LIMIT 1`);
  const seen = new Set<string>();
  const fresh = changes.filter(({ id }) => {
    const known = seen.has(id) || file.get("SELECT seq FROM changes WHERE id = ?", id) !== undefined;
    seen.add(id);
    return !known;
  });
  const chained = chainChanges({ seq: Number(last?.seq ?? 0), hash: last?.hash ?? CHAIN_START }, fresh);
  for (const { seq, change, body, hash } of chained) {
    file.run(
      "INSERT INTO changes (seq, id, flag_set, flag_key, action, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
      seq,
      change.id,
      change.flagSetId,
      change.flagKey,
      change.action,
      body,
      hash,
    );
  }
  return chained.map(({ seq, body, hash }) => toEntry({ seq, body, hash }));
}

function createAudit(file: SqliteFile, notify: () => void): AuditLog {
  return {
    append: async (changes) => {
      const entries = file.transaction(() => appendChanges(file, changes));
      if (entries.length > 0) notify();
      return entries;
    },
    list: async ({ set, flag, after = 0, before, limit, newest = false }) => {
      const conditions = ["seq > ?"];
      const values: (string | number)[] = [after];
      const add = (condition: string, value: string | number | undefined): void => {
        if (value === undefined) return;
        conditions.push(condition);
        values.push(value);
      };
      add("seq < ?", before);
      add("flag_set = ?", set);
      add("flag_key = ?", flag);
      const order = newest ? "DESC" : "ASC";
      const rows = file.all<ChangeRow>(
        `${ENTRY} WHERE ${conditions.join(" AND ")} ORDER BY seq ${order} LIMIT ?`,
        ...values,
        limit,
      );
      const entries = rows.map(toEntry);
      return newest ? entries.toReversed() : entries;
    },
    find: async (id) => {
      const row = file.get<ChangeRow>(`${ENTRY} WHERE id = ?`, id);
      return row === undefined ? undefined : toEntry(row);
    },
    killedFlags: async (set) =>
      file
        .all<ChangeRow>(
          `${ENTRY} WHERE flag_set = ? AND flag_key IN
            (SELECT flag_key FROM changes WHERE flag_set = ? AND action = 'killed') ORDER BY seq`,
          set,
          set,
        )
        .map(toEntry),
    verify: async () => {
      const check = createChainCheck();
      const total = file.get<{ total: number }>("SELECT count(*) AS total FROM changes")?.total ?? 0;
      for (let after = 0; ;) {
        const rows = file.all<ChangeRow>(`${ENTRY} WHERE seq > ? ORDER BY seq LIMIT ${VERIFY_PAGE}`, after);
        for (const row of rows) {
          const seq = Number(row.seq);
          const reason = check.next({ seq, text: row.body, hash: row.hash });
          if (reason !== undefined) return { ok: false, entries: total, brokenAt: seq, reason };
          after = seq;
        }
        if (rows.length < VERIFY_PAGE) return { ok: true, entries: check.entries, head: check.head };
      }
    },
  };
}

function createRulesets(file: SqliteFile, notifyAppended: () => void): RulesetStore {
  const committed = createListeners<[string]>();
  const head = (set: string): number =>
    file.get<{ head: number | null }>("SELECT max(revision) AS head FROM revisions WHERE flag_set = ?", set)
      ?.head ?? 0;
  return {
    sets: async () => file.all<{ flag_set: string }>(selectSets("revisions")).map((row) => row.flag_set),
    head: async (set) => head(set),
    load: async (set, revision) => {
      const target = revision ?? head(set);
      return toRevision(
        file.all<RevisionRow>(
          `SELECT revision, sha256, at, text, patch FROM revisions WHERE flag_set = ? AND revision <= ? AND revision >=
            (SELECT max(revision) FROM revisions WHERE flag_set = ? AND revision <= ? AND text IS NOT NULL)
            AND EXISTS (SELECT 1 FROM revisions WHERE flag_set = ? AND revision = ?)
            ORDER BY revision`,
          set,
          target,
          set,
          target,
          set,
          target,
        ),
      );
    },
    stepsAfter: async (set, revision) =>
      file
        .all<RevisionRow>(
          "SELECT revision, sha256, patch FROM revisions WHERE flag_set = ? AND revision > ? ORDER BY revision",
          set,
          revision,
        )
        .map(toStep),
    commit: async ({ set, expected, sha256, at, text, patch, changes }) => {
      const result = file.transaction(() => {
        const revision = head(set);
        if (revision !== expected) return { ok: false, code: "conflict", revision } as const;
        file.run(
          "INSERT INTO revisions (flag_set, revision, sha256, at, text, patch) VALUES (?, ?, ?, ?, ?, ?)",
          set,
          expected + 1,
          sha256,
          at,
          text,
          patch,
        );
        return { ok: true, revision: expected + 1, entries: appendChanges(file, changes) } as const;
      });
      if (result.ok) {
        committed.call(set);
        notifyAppended();
      }
      return result;
    },
    onCommit: committed.add,
  };
}

type Leases = (name: string, owner: string, ttlMs: number) => number | undefined;

function createLeases(file: SqliteFile, now: () => number): Leases {
  return (name, owner, ttlMs) =>
    file.transaction(() => {
      const nowMs = now();
      file.run(
        `INSERT INTO leases (name, owner, until, token) VALUES (?, ?, ?, 1) ON CONFLICT (name) DO UPDATE SET
          token = token + (owner <> excluded.owner), owner = excluded.owner, until = excluded.until
          WHERE owner = excluded.owner OR until <= ?`,
        name,
        owner,
        nowMs + ttlMs,
        nowMs,
      );
      const held = file.get<{ owner: string; token: number }>(
        "SELECT owner, token FROM leases WHERE name = ?",
        name,
      );
      return held?.owner === owner ? held.token : undefined;
    });
}

function createOutbox(
  file: SqliteFile,
  leases: Leases,
  onAppend: (listener: () => void) => () => void,
  now: () => number,
): Outbox {
  return {
    readAfter: async (seq, limit) =>
      file.all<ChangeRow>(`${ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit).map(toEntry),
    cursor: async (sink) =>
      file.get<{ seq: number }>("SELECT seq FROM cursors WHERE sink = ?", sink)?.seq ?? 0,
    advance: async (sink, seq) => {
      file.run(
        "INSERT INTO cursors (sink, seq) VALUES (?, ?) ON CONFLICT (sink) DO UPDATE SET seq = max(seq, excluded.seq)",
        sink,
        seq,
      );
    },
    deadLetter: async (sink, entry, reason) => {
      file.run(
        "INSERT OR REPLACE INTO dead_letters (sink, seq, reason, at) VALUES (?, ?, ?, ?)",
        sink,
        entry.seq,
        reason,
        new Date(now()).toISOString(),
      );
    },
    deadLetters: async (sink) =>
      file
        .all<{ seq: number; reason: string }>(
          "SELECT seq, reason FROM dead_letters WHERE sink = ? ORDER BY seq",
          sink,
        )
        .map(({ seq, reason }) => ({ seq, reason })),
    acquireLease: async (sink, owner, ttlMs) => leases(`sink:${sink}`, owner, ttlMs) !== undefined,
    onAppend,
  };
}

function createDocuments(file: SqliteFile, leases: Leases): DocumentStore {
  return {
    list: async (kind) =>
      file
        .all<{ id: string; version: number; body: string }>(
          "SELECT id, version, body FROM documents WHERE kind = ? ORDER BY id",
          kind,
        )
        .map(toDocument),
    put: async (kind, id, body, expectedVersion) => {
      const text = JSON.stringify(body);
      const touched =
        expectedVersion === null
          ? file.run(
              "INSERT OR IGNORE INTO documents (kind, id, version, body) VALUES (?, ?, 1, ?)",
              kind,
              id,
              text,
            )
          : file.run(
              "UPDATE documents SET version = version + 1, body = ? WHERE kind = ? AND id = ? AND version = ?",
              text,
              kind,
              id,
              expectedVersion,
            );
      return touched === 0 ? "conflict" : (expectedVersion ?? 0) + 1;
    },
    append: async (kind, id, body, keep) => {
      file.transaction(() => {
        file.run(
          `INSERT INTO logs (kind, id, seq, body)
            SELECT ?, ?, coalesce(max(seq), 0) + 1, ? FROM logs WHERE kind = ? AND id = ?`,
          kind,
          id,
          JSON.stringify(body),
          kind,
          id,
        );
        if (keep === undefined) return;
        file.run(
          `DELETE FROM logs WHERE kind = ? AND id = ? AND seq <=
            (SELECT max(seq) FROM logs WHERE kind = ? AND id = ?) - ?`,
          kind,
          id,
          kind,
          id,
          keep,
        );
      });
    },
    read: async (kind, id, after, limit) =>
      file
        .all<{ seq: number; body: string }>(
          "SELECT seq, body FROM logs WHERE kind = ? AND id = ? AND seq > ? ORDER BY seq LIMIT ?",
          kind,
          id,
          after,
          limit,
        )
        .map((row) => ({ seq: row.seq, body: JSON.parse(row.body) as unknown })),
    acquireLease: async (name, owner, ttlMs) => leases(`lease:${name}`, owner, ttlMs),
  };
}

function createKeys(file: SqliteFile): KeyStore {
  const changed = createListeners<[]>();
  return {
    add: async (key) => {
      file.run(
        `INSERT INTO keys (id, name, secret_sha256, scopes, sets, actor_type, created_at, revoked_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        key.id,
        key.name,
        key.secretSha256,
        JSON.stringify(key.scopes),
        JSON.stringify(key.sets),
        key.actorType,
        key.createdAt,
        key.revokedAt ?? null,
      );
      changed.call();
    },
    list: async () => file.all<KeyRow>("SELECT * FROM keys ORDER BY created_at, id").map(toKey),
    revoke: async (id, at) => {
      const touched = file.run("UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", at, id);
      if (touched > 0) changed.call();
      return touched > 0;
    },
    onChange: changed.add,
  };
}
