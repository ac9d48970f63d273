import { randomBytes } from "node:crypto";

import { ControlError } from "../error.ts";
import { createListeners } from "./listeners.ts";
import { createAudit } from "./postgres/audit.ts";
import { createDocuments } from "./postgres/documents.ts";
import { createKeys } from "./postgres/keys.ts";
import { createLiving } from "./postgres/leases.ts";
import { createOutbox } from "./postgres/outbox.ts";
import { createPresence } from "./postgres/presence.ts";
import { createRulesets } from "./postgres/rulesets.ts";
import { AUDIT_LOCK, POSTGRES_SCHEMA } from "./postgres/schema.ts";
import type { Hub, Sql } from "./postgres/session.ts";
import { selectSets } from "./rows.ts";
import type { Store, StoreOptions } from "./store.ts";

/** A notification may be lost with its connection; after one was rebuilt, and this often besides, everything is read again. */
const RECHECK_MS = 5000;

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
    const sets = await sql.unsafe<{ flag_set: string }[]>(selectSets("flagspan.revisions"));
    for (const { flag_set: set } of sets) hub.commits.call(set);
    hub.appends.call();
    hub.keys.call();
  } catch {
    // The database is away; the next turn or the next connection tells. `/readyz` says so meanwhile.
    return;
  }
}
