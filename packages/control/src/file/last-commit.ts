import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { basename, dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Who made the file as it is, and why. */
export interface FileEdit {
  readonly author: string;
  readonly reason: string;
  /** `git` where the file is as somebody committed it, else `flagspan`. */
  readonly source: "git" | "flagspan";
}

/**
 * Asks git who last committed the file. A file with edits that are not committed is the work of whoever is at this
 * machine; so is one outside a repository, or where there is no git.
 */
export async function readLastEdit(path: string): Promise<FileEdit> {
  const uncommitted: FileEdit = {
    author: userInfo().username,
    reason: `edited ${basename(path)}`,
    source: "flagspan",
  };
  try {
    const options = { cwd: dirname(path), timeout: 5000 };
    const { stdout: state } = await run("git", ["status", "--porcelain", "--", basename(path)], options);
    if (state.trim() !== "") return uncommitted;
    const format = "%an <%ae>%x00%s%x00%h";
    const { stdout } = await run("git", ["log", "-1", `--format=${format}`, "--", basename(path)], options);
    const [author, subject, commit] = stdout.trim().split("\0");
    if (author === undefined || subject === undefined || commit === undefined) return uncommitted;
    return { author, reason: `${subject} (${commit})`, source: "git" };
  } catch {
    return uncommitted;
  }
}
