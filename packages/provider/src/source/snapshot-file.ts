import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashText } from "./ruleset-gate.ts";

/** A ruleset as it is kept on disk. */
export interface KeptSnapshot {
  readonly text: string;
  readonly etag?: string;
}

/** The last good rulesets of one source on disk: the present generation and the one before. */
export interface SnapshotFile {
  /** The newest generation whose checksum holds; undefined if there is none. Never rejects. */
  read(): Promise<KeptSnapshot | undefined>;
  /** Resolves once the snapshot would survive a power failure. Rejects if the disk refuses; the old one is intact then. */
  write(snapshot: KeptSnapshot): Promise<void>;
}

const leftoverMs = 600_000;

interface Header {
  readonly flagspan: 1;
  readonly sha256: string;
  readonly etag?: string;
}

/**
 * Keeps snapshots in `directory`, one pair of files per `identity` (address and set; only its hash is in the name).
 *
 * Layout: one JSON line with the SHA-256 of the rest, then the ruleset's text. A write goes to a temporary file in the
 * same directory, is fsynced, the present generation becomes the previous one, the temporary file takes its place, and
 * the directory is fsynced. A crash at any point leaves a whole old or a whole new generation. Several providers may
 * share a directory, in one process or in containers that each are process 1: no two write to one temporary file.
 */
export function createSnapshotFile(directory: string, identity: string): SnapshotFile {
  const name = hashText(identity).slice(0, 32);
  const current = join(directory, `${name}.ruleset`);
  const previous = join(directory, `${name}.ruleset.previous`);
  const temporary = join(directory, `${name}.ruleset.${randomUUID()}.tmp`);
  let isTidy = false;

  /** Removes what crashes left behind. What is younger may be another's that is being written. */
  async function removeLeftovers(): Promise<void> {
    const found = await readdir(directory);
    for (const file of found.filter((one) => one.startsWith(`${name}.ruleset.`) && one.endsWith(".tmp"))) {
      const { mtimeMs } = await stat(join(directory, file)).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > leftoverMs) await rm(join(directory, file), { force: true });
    }
    isTidy = true;
  }

  return {
    read: async () => (await readOne(current)) ?? (await readOne(previous)),
    write: async (snapshot) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      if (!isTidy) await removeLeftovers();
      const header: Header = {
        flagspan: 1,
        sha256: hashText(snapshot.text),
        ...(snapshot.etag === undefined ? {} : { etag: snapshot.etag }),
      };
      try {
        const file = await open(temporary, "w", 0o600);
        try {
          await file.writeFile(`${JSON.stringify(header)}\n${snapshot.text}`);
          await file.sync();
        } finally {
          await file.close();
        }
        // Only a generation that can be read may push out the previous one.
        if ((await readOne(current)) !== undefined) await rename(current, previous).catch(ignoreAbsence);
        await rename(temporary, current);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncDirectory(dirname(current));
    },
  };
}

/** Another process that shares the directory was faster. */
function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

async function readOne(path: string): Promise<KeptSnapshot | undefined> {
  try {
    const content = await readFile(path, "utf8");
    const end = content.indexOf("\n");
    const header = JSON.parse(content.slice(0, end)) as Partial<Header> | null;
    const text = content.slice(end + 1);
    if (header?.flagspan !== 1 || header.sha256 !== hashText(text)) return undefined;
    return { text, ...(typeof header.etag === "string" ? { etag: header.etag } : {}) };
  } catch {
    // Absent, torn or foreign: each means that this generation is of no use.
    return undefined;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
