import type { PresenceStore } from "../store.ts";
import type { Sql } from "./session.ts";

/** What each process sees connected, for as long as it repeats it. */
export function createPresence(sql: Sql): PresenceStore {
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
