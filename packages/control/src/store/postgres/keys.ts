import { toKey } from "../rows.ts";
import type { KeyRow } from "../rows.ts";
import type { KeyStore } from "../store.ts";
import type { Hub, Sql } from "./session.ts";

/** Keys; every process hears of a change. */
export function createKeys(sql: Sql, hub: Hub): KeyStore {
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
