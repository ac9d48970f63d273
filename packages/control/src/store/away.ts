import { ControlError } from "../error.ts";

/** Codes of Postgres, its driver, the network and SQLite that say: not now. */
const AWAY =
  /^(?:CONNECTION_|CONNECT_TIMEOUT$|ECONN|EPIPE$|ETIMEDOUT$|EHOSTUNREACH$|57P0|08|53|25006$|SQLITE_(?:FULL|IOERR|READONLY|BUSY))/;

/**
 * Whether an error says that the store cannot be reached or written at the moment, so that trying again later helps.
 * What was being written may have been kept if the answer got lost on the way; an idempotency key tells.
 */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof ControlError)
    return error.code === "store-unavailable" || error.code === "store-locked";
  return error instanceof Error && "code" in error && AWAY.test(String(error.code));
}
