import type { FlagChange } from "@flagspan/ruleset/change";

import { chainHash } from "./chain.ts";
import type { AuditEntry, Scope, StoredDocument, StoredKey, StoredRevision, StoredStep } from "./store.ts";

/** A row of `changes` as both databases give it. */
export interface ChangeRow {
  readonly seq: number | string;
  readonly body: string;
  readonly hash: string;
}

/** A row of `revisions`. */
export interface RevisionRow {
  readonly revision: number | string;
  readonly sha256: string;
  readonly at: string;
  readonly text: string | null;
  readonly patch: string | null;
}

/** A row of `keys`; lists are JSON. */
export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly secret_sha256: string;
  readonly scopes: string;
  readonly sets: string;
  readonly actor_type: string;
  readonly created_at: string;
  readonly revoked_at: string | null;
}

/**
 * The names of all sets, in order. Jumps from one to the next in the primary key's index: `SELECT DISTINCT` would
 * walk over every revision there ever was, and a key for all sets asks this with every OFREP request.
 */
export function selectSets(table: string): string {
  return `WITH RECURSIVE sets(flag_set) AS (
      SELECT min(flag_set) FROM ${table}
      UNION ALL SELECT (SELECT min(flag_set) FROM ${table} WHERE flag_set > sets.flag_set) FROM sets
        WHERE sets.flag_set IS NOT NULL)
    SELECT flag_set FROM sets WHERE flag_set IS NOT NULL ORDER BY flag_set`;
}

/** Reads an audit row. */
export function toEntry(row: ChangeRow): AuditEntry {
  return { seq: Number(row.seq), change: JSON.parse(row.body) as FlagChange, hash: row.hash };
}

/** Reads a key row. */
export function toKey(row: KeyRow): StoredKey {
  return {
    id: row.id,
    name: row.name,
    secretSha256: row.secret_sha256,
    scopes: JSON.parse(row.scopes) as readonly Scope[],
    sets: JSON.parse(row.sets) as readonly string[],
    actorType: row.actor_type as StoredKey["actorType"],
    createdAt: row.created_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
  };
}

/** Reads a document row. */
export function toDocument(row: { id: string; version: number | string; body: string }): StoredDocument {
  return { id: row.id, version: Number(row.version), body: JSON.parse(row.body) as unknown };
}

/** Reads a step row. */
export function toStep(row: Pick<RevisionRow, "revision" | "sha256" | "patch">): StoredStep {
  return { revision: Number(row.revision), sha256: row.sha256, patch: row.patch };
}

/** Builds a revision from the nearest whole row up to the wanted one, in order. */
export function toRevision(rows: readonly RevisionRow[]): StoredRevision | undefined {
  const base = rows[0];
  const target = rows.at(-1);
  if (base === undefined || target === undefined || base.text === null) return undefined;
  return {
    revision: Number(target.revision),
    sha256: target.sha256,
    at: target.at,
    base: base.text,
    patches: rows.slice(1).map((row) => row.patch ?? ""),
  };
}

/** A change on its way into the log. */
export interface ChainedChange {
  readonly seq: number;
  readonly change: FlagChange;
  readonly body: string;
  readonly hash: string;
}

/** Numbers and chains changes onto the end of the log. */
export function chainChanges(
  head: { readonly seq: number; readonly hash: string },
  changes: readonly FlagChange[],
): readonly ChainedChange[] {
  let { seq, hash } = head;
  return changes.map((change) => {
    const body = JSON.stringify(change);
    seq += 1;
    hash = chainHash(hash, body);
    return { seq, change, body, hash };
  });
}
