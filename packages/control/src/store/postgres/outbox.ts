import { toEntry } from "../rows.ts";
import type { ChangeRow } from "../rows.ts";
import type { Outbox } from "../store.ts";
import { acquire } from "./leases.ts";
import type { Hub, Sql } from "./session.ts";

/** The audit log as a queue with a cursor for each sink. */
export function createOutbox(sql: Sql, hub: Hub, now: () => number): Outbox {
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
