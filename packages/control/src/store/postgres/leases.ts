import type postgres from "postgres";

import { LIFE_LOCK } from "./schema.ts";
import type { Sql } from "./session.ts";

/** Marks owners of leases as alive. */
export interface Living {
  /** Holds an advisory lock in this owner's name for as long as this process lives. */
  mark(owner: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps a session of its own whose locks the server frees in the moment the process dies, so that nobody has to wait for its leases to run out. A
 * process that hangs keeps its session; its leases still run out.
 */
export function createLiving(connect: typeof postgres, url: string): Living {
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

/** Takes or renews a lease; answers its fencing token, or `undefined` while somebody else holds it. */
export async function acquire(
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
