import { resolve } from "node:path";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";

/** Reads a file that the user named, relative to where the user is. A byte order mark is dropped. */
export async function readInput(file: string, io: CommandIo): Promise<string> {
  try {
    const text = await io.readFile(resolve(io.cwd, file));
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "ENOENT") throw new UsageError(`${file} does not exist; check the path.`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder; name a file in it.`);
    if (code === "EACCES" || code === "EPERM") {
      throw new UsageError(`${file} may not be read; change its permissions.`);
    }
    throw error;
  }
}
