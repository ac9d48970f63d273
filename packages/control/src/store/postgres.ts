import { randomBytes } from "node:crypto";

import type { FlagChange } from "@flagspan/ruleset/change";
import type postgres from "postgres";

import { ControlError } from "../error.ts";
import { CHAIN_START, createChainCheck } from "./chain.ts";
import { createListeners } from "./listeners.ts";
import type { Listeners } from "./listeners.ts";
import { AUDIT_LOCK, LIFE_LOCK, POSTGRES_SCHEMA } from "./postgres-schema.ts";
import { chainChanges, toDocument, toEntry, toKey, toRevision, toStep } from "./rows.ts";
import type { ChangeRow, KeyRow, RevisionRow } from "./rows.ts";
import type {
  AuditEntry,
  AuditLog,
  DocumentStore,
  KeyStore,
  Outbox,
  PresenceStore,
  RulesetStore,
  Store,
  StoreOptions,
} from "./store.ts";

type Sql = postgres.Sql;
type Transaction = postgres.TransactionSql;

const VERIFY_PAGE = 1000;
/** A notification may be lost with its connection; after one was rebuilt, and this often besides, everything is read again. */
const RECHECK_MS = 5000;

interface Hub {
  readonly commits: Listeners<[string]>;
  readonly appends: Listeners<[]>;
  readonly keys: Listeners<[]>;
}

/**
 * Opens a store in a Postgres database, for several control processes.
 *
 * A commit is a compare-and-swap on the revision under an advisory lock, in one transaction with its audit
 * entries; the others hear of it by NOTIFY when it is durable. `synchronous_commit` is forced on.
 */
export async function openPostgresStore(options: StoreOptions & { readonly url: string }): Promise<Store> {
  const now = options.now ?? Date.now;
  // Only who uses the driver loads it.
  const { default: connect } = await import("postgres");
  const sql = connect(options.url, {
    max: 8,
    connect_timeout: 10,
    idle_timeout: 0,
    onnotice: () => {},
    connection: { application_name: "flagspan-control", synchronous_commit: "on" },
  });
  const hub: Hub = { commits: createListeners(), appends: createListeners(), keys: createListeners() };
  try {
    await sql.begin(async (transaction) => {
      await transaction`SELECT pg_advisory_xact_lock(${AUDIT_LOCK})`;
      await transaction.unsafe(POSTGRES_SCHEMA);
    });
    await listenTo(sql, hub);
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw new ControlError(
      "store-unavailable",
      `Postgres does not answer as needed (${error instanceof Error ? error.message : String(error)}); check DATABASE_URL and the rights of its user`,
      { cause: error },
    );
  }
  const living = createLiving(connect, options.url);
  const recheck = setInterval(() => void tellAll(sql, hub), RECHECK_MS);
  recheck.unref();

  return {
    kind: "postgres",
    rulesets: createRulesets(sql, hub),
    audit: createAudit(sql),
    outbox: createOutbox(sql, hub, now),
    documents: createDocuments(sql, now, living),
    keys: createKeys(sql, hub),
    presence: createPresence(sql),
    secret: async (name) => {
      await sql`INSERT INTO flagspan.secrets (name, value) VALUES (${name}, ${randomBytes(32)}) ON CONFLICT DO NOTHING`;
      const [row] = await sql<
        { value: Uint8Array }[]
      >`SELECT value FROM flagspan.secrets WHERE name = ${name}`;
      return Uint8Array.from(row?.value ?? []);
    },
    claimOnce: async (name, ttlMs) => {
      const nowMs = now();
      await sql`DELETE FROM flagspan.claims WHERE until <= ${nowMs}`;
      const rows = await sql`
        INSERT INTO flagspan.claims (name, until) VALUES (${name}, ${nowMs + ttlMs}) ON CONFLICT DO NOTHING RETURNING name`;
      return rows.length === 1;
    },
    ping: async () => {
      const [row] = await sql<{ replica: boolean }[]>`SELECT pg_is_in_recovery() AS replica`;
      if (row?.replica === true)
        throw new ControlError("store-unavailable", "the database is a read-only replica");
    },
    close: async () => {
      clearInterval(recheck);
      await Promise.all([sql.end({ timeout: 2 }), living.close()]);
    },
  };
}

async function listenTo(sql: Sql, hub: Hub): Promise<void> {
  await sql.listen(
    "flagspan",
    (payload) => {
      if (payload === "keys") hub.keys.call();
      else if (payload === "changes") hub.appends.call();
      else if (payload.startsWith("set ")) hub.commits.call(payload.slice(4));
    },
    // Called after every (re)connection: what was notified in between is gone, so ask everyone to look.
    () => void tellAll(sql, hub),
  );
}

async function tellAll(sql: Sql, hub: Hub): Promise<void> {
  try {
    const sets = await sql<{ flag_set: string }[]>`SELECT DISTINCT flag_set FROM flagspan.revisions`;
    for (const { flag_set: set } of sets) hub.commits.call(set);
    hub.appends.call();
    hub.keys.call();
  } catch {
    // The database is away; the next turn or the next connection tells. `/readyz` says so meanwhile.
    return;
  }
}

/** Within a transaction that holds the audit lock: chains what is not in the log yet. */
async function appendChanges(
  sql: Transaction,
  changes: readonly FlagChange[],
): Promise<readonly AuditEntry[]> {
  if (changes.length === 0) return [];
  const ids = changes.map((change) => change.id);
  const [known, [last]] = await Promise.all([
    sql<{ id: string }[]>`SELECT id FROM flagspan.changes WHERE id = ANY(${ids})`,
    sql<ChangeRow[]>`SELECT seq, body, hash FROM flagspan.changes ORDER BY seq DESC LIMIT 1`,
  ]);
  const seen = new Set(known.map((row) => row.id));
  const fresh = changes.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined);
  const chained = chainChanges({ seq: Number(last?.seq ?? 0), hash: last?.hash ?? CHAIN_START }, fresh);
  await Promise.all([
    ...chained.map(
      ({ seq, change, body, hash }) => sql`
        INSERT INTO flagspan.changes (seq, id, flag_set, flag_key, action, body, hash)
        VALUES (${seq}, ${change.id}, ${change.flagSetId}, ${change.flagKey}, ${change.action}, ${body}, ${hash})`,
    ),
    ...(chained.length > 0 ? [sql`SELECT pg_notify('flagspan', 'changes')`] : []),
  ]);
  return chained.map(({ seq, body, hash }) => toEntry({ seq, body, hash }));
}

function createAudit(sql: Sql): AuditLog {
  return {
    append: (changes) =>
      sql.begin(async (transaction) => {
        await transaction`SELECT pg_advisory_xact_lock(${AUDIT_LOCK})`;
        return appendChanges(transaction, changes);
      }),
    list: async ({ set, flag, after = 0, before, limit, newest = false }) => {
      const rows = await sql<ChangeRow[]>`
        SELECT seq, body, hash FROM flagspan.changes WHERE seq > ${after}
        ${before === undefined ? sql`` : sql`AND seq < ${before}`}
        ${set === undefined ? sql`` : sql`AND flag_set = ${set}`}
        ${flag === undefined ? sql`` : sql`AND flag_key = ${flag}`}
        ORDER BY seq ${newest ? sql`DESC` : sql`ASC`} LIMIT ${limit}`;
      const entries = rows.map(toEntry);
      return newest ? entries.toReversed() : entries;
    },
    find: async (id) => {
      const [row] = await sql<ChangeRow[]>`SELECT seq, body, hash FROM flagspan.changes WHERE id = ${id}`;
      return row === undefined ? undefined : toEntry(row);
    },
    killedFlags: async (set) => {
      const rows = await sql<ChangeRow[]>`
        SELECT seq, body, hash FROM flagspan.changes WHERE flag_set = ${set} AND flag_key IN
          (SELECT flag_key FROM flagspan.changes WHERE flag_set = ${set} AND action = 'killed') ORDER BY seq`;
      return rows.map(toEntry);
    },
    verify: async () => {
      const check = createChainCheck();
      const [count] = await sql<{ total: string }[]>`SELECT count(*) AS total FROM flagspan.changes`;
      for (let after = 0; ;) {
        const rows = await sql<ChangeRow[]>`
          SELECT seq, body, hash FROM flagspan.changes WHERE seq > ${after} ORDER BY seq LIMIT ${VERIFY_PAGE}`;
        for (const row of rows) {
          const seq = Number(row.seq);
          const reason = check.next({ seq, text: row.body, hash: row.hash });
          if (reason !== undefined)
            return { ok: false, entries: Number(count?.total ?? 0), brokenAt: seq, reason };
          after = seq;
        }
        if (rows.length < VERIFY_PAGE) return { ok: true, entries: check.entries, head: check.head };
      }
    },
  };
}

function createRulesets(sql: Sql, hub: Hub): RulesetStore {
  const headOf = async (from: Sql | Transaction, set: string): Promise<number> => {
    const [row] = await from<{ head: string | null }[]>`
      SELECT max(revision) AS head FROM flagspan.revisions WHERE flag_set = ${set}`;
    return Number(row?.head ?? 0);
  };
  return {
    sets: async () => {
      const rows = await sql<{ flag_set: string }[]>`
        SELECT DISTINCT flag_set FROM flagspan.revisions ORDER BY flag_set`;
      return rows.map((row) => row.flag_set);
    },
    head: (set) => headOf(sql, set),
    load: async (set, revision) => {
      const target = revision ?? (await headOf(sql, set));
      const rows = await sql<RevisionRow[]>`
        SELECT revision, sha256, at, text, patch FROM flagspan.revisions
        WHERE flag_set = ${set} AND revision <= ${target} AND revision >=
          (SELECT max(revision) FROM flagspan.revisions
            WHERE flag_set = ${set} AND revision <= ${target} AND text IS NOT NULL)
        ORDER BY revision`;
      const loaded = toRevision(rows);
      return loaded?.revision === target ? loaded : undefined;
    },
    stepsAfter: async (set, revision) => {
      const rows = await sql<RevisionRow[]>`
        SELECT revision, sha256, patch FROM flagspan.revisions
        WHERE flag_set = ${set} AND revision > ${revision} ORDER BY revision`;
      return rows.map(toStep);
    },
    commit: async ({ set, expected, sha256, at, text, patch, changes }) => {
      const result = await sql.begin(async (transaction) => {
        await transaction`SELECT pg_advisory_xact_lock(${AUDIT_LOCK})`;
        const revision = await headOf(transaction, set);
        if (revision !== expected) return { ok: false, code: "conflict", revision } as const;
        // Sent together (their order does not matter): a kill should not wait for each answer in turn.
        const [entries] = await Promise.all([
          appendChanges(transaction, changes),
          transaction`
            INSERT INTO flagspan.revisions (flag_set, revision, sha256, at, text, patch)
            VALUES (${set}, ${expected + 1}, ${sha256}, ${at}, ${text}, ${patch})`,
          transaction`SELECT pg_notify('flagspan', ${`set ${set}`})`,
        ]);
        return { ok: true, revision: expected + 1, entries } as const;
      });
      return result;
    },
    onCommit: hub.commits.add,
  };
}

/** Marks owners of leases as alive. */
interface Living {
  /** Holds an advisory lock in this owner's name for as long as this process lives. */
  mark(owner: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps a session of its own whose locks the server frees in the moment the process dies, so that nobody has to wait for its leases to run out. A
 * process that hangs keeps its session; its leases still run out.
 */
function createLiving(connect: typeof postgres, url: string): Living {
  const marked = new Set<string>();
  let session: Sql | undefined;
  return {
    async mark(owner) {
      if (marked.has(owner)) return;
      session ??= connect(url, {
        max: 1,
        connect_timeout: 10,
        idle_timeout: 0,
        max_lifetime: null,
        onnotice: () => {},
        onclose: () => marked.clear(),
        connection: { application_name: "flagspan-control-life" },
      });
      const [row] = await session<
        { held: boolean }[]
      >`SELECT pg_try_advisory_lock(${LIFE_LOCK}, hashtext(${owner})) AS held`;
      if (row?.held === true) marked.add(owner);
    },
    close: async () => session?.end({ timeout: 1 }),
  };
}

async function acquire(
  sql: Sql,
  name: string,
  owner: string,
  nowMs: number,
  ttlMs: number,
  orElse: postgres.PendingQuery<postgres.Row[]> = sql``,
): Promise<number | undefined> {
  const [row] = await sql<{ token: string }[]>`
    INSERT INTO flagspan.leases AS held (name, owner, until, token) VALUES (${name}, ${owner}, ${nowMs + ttlMs}, 1)
    ON CONFLICT (name) DO UPDATE SET
      token = held.token + (held.owner <> excluded.owner)::int, owner = excluded.owner, until = excluded.until
      WHERE held.owner = excluded.owner OR held.until <= ${nowMs} ${orElse}
    RETURNING token`;
  return row === undefined ? undefined : Number(row.token);
}

function createOutbox(sql: Sql, hub: Hub, now: () => number): Outbox {
  return {
    readAfter: async (seq, limit) => {
      const rows = await sql<ChangeRow[]>`
        SELECT seq, body, hash FROM flagspan.changes WHERE seq > ${seq} ORDER BY seq LIMIT ${limit}`;
      return rows.map(toEntry);
    },
    cursor: async (sink) => {
      const [row] = await sql<{ seq: string }[]>`SELECT seq FROM flagspan.cursors WHERE sink = ${sink}`;
      return Number(row?.seq ?? 0);
    },
    advance: async (sink, seq) => {
      await sql`
        INSERT INTO flagspan.cursors AS known (sink, seq) VALUES (${sink}, ${seq})
        ON CONFLICT (sink) DO UPDATE SET seq = greatest(known.seq, excluded.seq)`;
    },
    deadLetter: async (sink, entry, reason) => {
      await sql`
        INSERT INTO flagspan.dead_letters (sink, seq, reason, at)
        VALUES (${sink}, ${entry.seq}, ${reason}, ${new Date(now()).toISOString()})
        ON CONFLICT (sink, seq) DO UPDATE SET reason = excluded.reason, at = excluded.at`;
    },
    deadLetters: async (sink) => {
      const rows = await sql<{ seq: string; reason: string }[]>`
        SELECT seq, reason FROM flagspan.dead_letters WHERE sink = ${sink} ORDER BY seq`;
      return rows.map((row) => ({ seq: Number(row.seq), reason: row.reason }));
    },
    acquireLease: async (sink, owner, ttlMs) =>
      (await acquire(sql, `sink:${sink}`, owner, now(), ttlMs)) !== undefined,
    onAppend: hub.appends.add,
  };
}

function createDocuments(sql: Sql, now: () => number, living: Living): DocumentStore {
  return {
    list: async (kind) => {
      const rows = await sql<{ id: string; version: string; body: string }[]>`
        SELECT id, version, body FROM flagspan.documents WHERE kind = ${kind} ORDER BY id`;
      return rows.map(toDocument);
    },
    put: async (kind, id, body, expectedVersion) => {
      const text = JSON.stringify(body);
      const rows =
        expectedVersion === null
          ? await sql`
              INSERT INTO flagspan.documents (kind, id, version, body) VALUES (${kind}, ${id}, 1, ${text})
              ON CONFLICT DO NOTHING RETURNING version`
          : await sql`
              UPDATE flagspan.documents SET version = version + 1, body = ${text}
              WHERE kind = ${kind} AND id = ${id} AND version = ${expectedVersion} RETURNING version`;
      return rows.length === 0 ? "conflict" : (expectedVersion ?? 0) + 1;
    },
    append: async (kind, id, body, keep) => {
      await sql.begin(async (transaction) => {
        await transaction`SELECT pg_advisory_xact_lock(${AUDIT_LOCK}, hashtext(${`${kind}\n${id}`}))`;
        await transaction`
          INSERT INTO flagspan.logs (kind, id, seq, body)
          SELECT ${kind}, ${id}, coalesce(max(seq), 0) + 1, ${JSON.stringify(body)} FROM flagspan.logs
          WHERE kind = ${kind} AND id = ${id}`;
        if (keep === undefined) return;
        await transaction`
          DELETE FROM flagspan.logs WHERE kind = ${kind} AND id = ${id} AND seq <=
            (SELECT max(seq) FROM flagspan.logs WHERE kind = ${kind} AND id = ${id}) - ${keep}::bigint`;
      });
    },
    read: async (kind, id, after, limit) => {
      const rows = await sql<{ seq: string; body: string }[]>`
        SELECT seq, body FROM flagspan.logs WHERE kind = ${kind} AND id = ${id} AND seq > ${after}
        ORDER BY seq LIMIT ${limit}`;
      return rows.map((row) => ({ seq: Number(row.seq), body: JSON.parse(row.body) as unknown }));
    },
    acquireLease: async (name, owner, ttlMs) => {
      await living.mark(owner);
      // Whoever can take the mark of an owner knows that the owner's session has ended.
      const isDead = sql`OR pg_try_advisory_xact_lock(${LIFE_LOCK}, hashtext(held.owner))`;
      return acquire(sql, `lease:${name}`, owner, now(), ttlMs, isDead);
    },
  };
}

function createKeys(sql: Sql, hub: Hub): KeyStore {
  return {
    add: async (key) => {
      await sql`
        INSERT INTO flagspan.keys (id, name, secret_sha256, scopes, sets, actor_type, created_at, revoked_at)
        VALUES (${key.id}, ${key.name}, ${key.secretSha256}, ${JSON.stringify(key.scopes)},
          ${JSON.stringify(key.sets)}, ${key.actorType}, ${key.createdAt}, ${key.revokedAt ?? null})`;
      hub.keys.call();
      await sql`SELECT pg_notify('flagspan', 'keys')`;
    },
    list: async () => (await sql<KeyRow[]>`SELECT * FROM flagspan.keys ORDER BY created_at, id`).map(toKey),
    revoke: async (id, at) => {
      const rows = await sql`
        UPDATE flagspan.keys SET revoked_at = coalesce(revoked_at, ${at}) WHERE id = ${id} RETURNING id`;
      if (rows.length === 0) return false;
      hub.keys.call();
      await sql`SELECT pg_notify('flagspan', 'keys')`;
      return true;
    },
    onChange: hub.keys.add,
  };
}

function createPresence(sql: Sql): PresenceStore {
  return {
    publish: async (process, set, body, ttlMs) => {
      await sql`
        INSERT INTO flagspan.presence (process, flag_set, body, until)
        VALUES (${process}, ${set}, ${JSON.stringify(body)}, now() + ${ttlMs} * interval '1 millisecond')
        ON CONFLICT (process, flag_set) DO UPDATE SET body = excluded.body, until = excluded.until`;
      await sql`DELETE FROM flagspan.presence WHERE until < now() - interval '1 hour'`;
    },
    others: async (process, set) => {
      const rows = await sql<{ body: string }[]>`
        SELECT body FROM flagspan.presence WHERE flag_set = ${set} AND process <> ${process} AND until > now()`;
      return rows.map((row) => JSON.parse(row.body) as unknown);
    },
  };
}
