import { selectSets, toRevision, toStep } from "../rows.ts";
import type { RevisionRow } from "../rows.ts";
import type { RulesetStore } from "../store.ts";
import { appendChanges } from "./audit.ts";
import { AUDIT_LOCK } from "./schema.ts";
import type { Hub, Sql, Transaction } from "./session.ts";

/** Rulesets by revision: a commit is a compare-and-swap under the audit lock. */
export function createRulesets(sql: Sql, hub: Hub): RulesetStore {
  const headOf = async (from: Sql | Transaction, set: string): Promise<number> => {
    const [row] = await from<{ head: string | null }[]>`
      SELECT max(revision) AS head FROM flagspan.revisions WHERE flag_set = ${set}`;
    return Number(row?.head ?? 0);
  };
  return {
    sets: async () => {
      const rows = await sql.unsafe<{ flag_set: string }[]>(selectSets("flagspan.revisions"));
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
