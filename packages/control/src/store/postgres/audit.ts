import type { FlagChange } from "@flagspan/ruleset/change";

import { CHAIN_START, createChainCheck } from "../chain.ts";
import { chainChanges, toEntry } from "../rows.ts";
import type { ChangeRow } from "../rows.ts";
import type { AuditEntry, AuditLog } from "../store.ts";
import { AUDIT_LOCK } from "./schema.ts";
import type { Sql, Transaction } from "./session.ts";

const VERIFY_PAGE = 1000;

/** Within a transaction that holds the audit lock: chains what is not in the log yet. */
export async function appendChanges(
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

/** The audit log. */
export function createAudit(sql: Sql): AuditLog {
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
