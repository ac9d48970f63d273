import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

import Database from "libsql";

import { ControlError } from "../error.ts";
import { SQLITE_SCHEMA, SQLITE_SCHEMA_VERSION } from "./sqlite-schema.ts";

/** An open database file that nobody else can write. */
export interface SqliteFile {
  all<Row>(sql: string, ...values: readonly SqliteValue[]): readonly Row[];
  get<Row>(sql: string, ...values: readonly SqliteValue[]): Row | undefined;
  /** Runs one statement; answers how many rows it touched. */
  run(sql: string, ...values: readonly SqliteValue[]): number;
  /** All of it on disk, or nothing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** What can be stored. */
export type SqliteValue = string | number | null | Uint8Array;

/**
 * Opens the file for this process alone.
 *
 * WAL with `synchronous=FULL`: every commit is an fsync of the log, and only then does the caller hear of it.
 * `locking_mode=EXCLUSIVE` keeps the lock from the first write until the process ends, however it ends.
 */
export function openSqliteFile(path: string): SqliteFile {
  const file = resolve(path);
  mkdirSync(dirname(file), { recursive: true });
  const isNew = !existsSync(file);
  const database = new Database(file, { timeout: 250 });
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    database.exec("BEGIN IMMEDIATE");
    database.exec("COMMIT");
    migrate(database, file, isNew);
  } catch (error) {
    database.close();
    throw explain(error, file);
  }

  const statements = new Map<string, Database.Statement>();
  const prepare = (sql: string): Database.Statement => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  let open = true;
  return {
    all: (sql, ...values) => prepare(sql).all(...values) as never,
    get: (sql, ...values) => prepare(sql).get(...values) as never,
    run: (sql, ...values) => prepare(sql).run(...values).changes,
    transaction(work) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        rollBack(database);
        throw explain(error, file);
      }
    },
    close() {
      if (!open) return;
      open = false;
      statements.clear();
      letGo(database);
      database.close();
    },
  };
}

/**
 * Statements keep the connection, and with it the lock, alive until they are collected. Leaving WAL writes the log
 * back into the file, and only then can the exclusive lock be given up by name.
 */
function letGo(database: Database.Database): void {
  try {
    database.pragma("journal_mode = DELETE");
    database.pragma("locking_mode = NORMAL");
    database.prepare("SELECT count(*) FROM sqlite_master").get();
  } catch {
    // A disk that refuses this has refused nothing that was acknowledged; the log is replayed at the next start.
    return;
  }
}

/** A failed COMMIT (disk full) may have rolled back by itself; then there is nothing left to undo. */
function rollBack(database: Database.Database): void {
  if (database.inTransaction) database.exec("ROLLBACK");
}

function migrate(database: Database.Database, file: string, isNew: boolean): void {
  const row = database.prepare("PRAGMA user_version").get() as { user_version?: number } | undefined;
  const version = row?.user_version ?? 0;
  if (version > SQLITE_SCHEMA_VERSION) {
    throw new ControlError(
      "store-corrupt",
      `${file} was written by a newer Flagspan (schema ${version}, this one knows ${SQLITE_SCHEMA_VERSION}); upgrade`,
    );
  }
  if (!isNew && version === SQLITE_SCHEMA_VERSION) return;
  database.exec(`BEGIN IMMEDIATE; ${SQLITE_SCHEMA} PRAGMA user_version = ${SQLITE_SCHEMA_VERSION}; COMMIT;`);
}

function explain(error: unknown, file: string): unknown {
  if (error instanceof ControlError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new ControlError(
      "store-locked",
      `${file} is held by another control process; stop that one, or use Postgres (DATABASE_URL) for several`,
      { cause: error },
    );
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return new ControlError(
      "store-corrupt",
      `${file} is not a readable SQLite file; restore it from a backup`,
      {
        cause: error,
      },
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  return new ControlError(
    "store-unavailable",
    `${file} could not be written (${text}); nothing of this write was kept`,
    {
      cause: error,
    },
  );
}
