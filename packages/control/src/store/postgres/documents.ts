import { toDocument } from "../rows.ts";
import type { DocumentStore } from "../store.ts";
import { acquire } from "./leases.ts";
import type { Living } from "./leases.ts";
import { AUDIT_LOCK, LIFE_LOCK } from "./schema.ts";
import type { Sql } from "./session.ts";

/** Versioned documents, the logs beside them, and leases. */
export function createDocuments(sql: Sql, now: () => number, living: Living): DocumentStore {
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
