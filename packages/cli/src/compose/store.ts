import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { openPostgresStore, openSqliteStore, type Store } from "@flagspan/control";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";

/** Opens the store that `--store` or DATABASE_URL names; SQLite in `.flagspan/control.db` where neither does. */
export async function openStore(
  store: string | undefined,
  io: Pick<CommandIo, "env" | "cwd">,
): Promise<Store> {
  const place = store ?? io.env["DATABASE_URL"] ?? ".flagspan/control.db";
  if (/^postgres(ql)?:\/\//.test(place)) return openPostgresStore({ url: place });
  const path = resolve(io.cwd, place.replace(/^file:(\/\/)?/, ""));
  mkdirSync(dirname(path), { recursive: true });
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true)
    throw new UsageError(
      `--store names ${place}, which is a folder; name a file in it, such as ${place}/control.db.`,
    );
  // SQLite would say "error 14"; this names the path. It writes beside the file, too.
  accessSync(dirname(path), constants.W_OK);
  if (found !== undefined) accessSync(path, constants.W_OK);
  return openSqliteStore({ path });
}
