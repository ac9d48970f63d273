import { createRequire } from "node:module";

interface Database {
  prepare(sql: string): { run(...values: readonly unknown[]): unknown };
  pragma(text: string): unknown;
  close(): void;
}

const controlRequire = createRequire(import.meta.resolve("@flagspan/control"));

/** Changes an audit entry with the database's own tools, as somebody with access to the file could. */
export function tamperSqlite(path: string, seq: number): void {
  const Database = controlRequire("libsql") as new (path: string) => Database;
  const database = new Database(path);
  database.prepare("UPDATE changes SET body = replace(body, 'alice', 'mallory') WHERE seq = ?").run(seq);
  database.close();
}
