import type postgres from "postgres";

import type { Listeners } from "../listeners.ts";

/** A pool of connections. */
export type Sql = postgres.Sql;

/** One transaction on one of them. */
export type Transaction = postgres.TransactionSql;

/** What this process is told by NOTIFY, spread to who listens here. */
export interface Hub {
  readonly commits: Listeners<[string]>;
  readonly appends: Listeners<[]>;
  readonly keys: Listeners<[]>;
}
