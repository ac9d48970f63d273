import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  diffRulesets,
  type FlagChange,
  type FlagChangeAction,
  type FlagDifference,
} from "@flagspan/ruleset/change";
import { parseRulesetText, type Ruleset } from "@flagspan/ruleset";

/** Which ruleset of which repository. */
export interface GitSourceOptions {
  /** A clone on this machine; fetching is left to whoever keeps it. */
  readonly repository: string;
  /** The ruleset's path inside the repository. */
  readonly path: string;
  readonly flagSetId: string;
  /** `HEAD` by default. */
  readonly ref?: string;
  /** A commit's page, with `{commit}` in it: `https://github.com/acme/flags/commit/{commit}`. */
  readonly commitUrl?: string;
}

/** What a look at the repository found. */
export interface GitReading {
  readonly changes: readonly FlagChange[];
  /** The commit that was read up to: `after` of the next look. */
  readonly commit: string;
  /** Commits whose ruleset could not be read; they change nothing. */
  readonly unreadable: readonly string[];
}

const run = promisify(execFile);
const most = 1000;
const fullHash = /^[\da-f]{40}(?:[\da-f]{24})?$/;

/**
 * Reads the changes of a ruleset in a git repository since the commit `after`: who (author), when, why (subject), with a link. Without
 * `after` it only tells where the ruleset stands now. The id is commit and flag, so reading twice tells nothing twice.
 */
export async function readGitChanges(options: GitSourceOptions, after?: string): Promise<GitReading> {
  if (after !== undefined && !fullHash.test(after))
    throw new Error("`after` is a full commit hash, as the reading before gave it.");
  const head = (
    await git(options, ["rev-parse", "--verify", "--end-of-options", `${options.ref ?? "HEAD"}^{commit}`])
  ).trim();
  if (after === undefined) return { changes: [], commit: head, unreadable: [] };
  const format = "--format=%H%x00%aI%x00%aE%x00%s";
  const log = await git(options, [
    "log",
    "--first-parent",
    "--reverse",
    `--max-count=${most}`,
    format,
    `${after}..${head}`,
    "--",
    options.path,
  ]);
  const changes: FlagChange[] = [];
  const unreadable: string[] = [];
  let before = await readRuleset(options, after);
  for (const line of log.split("\n").filter((text) => text !== "")) {
    const [commit = "", authoredAt = "", author = "", subject = ""] = line.split("\0");
    const current = await readRuleset(options, commit);
    if (current === undefined) {
      unreadable.push(commit);
      continue;
    }
    const differences = diffRulesets(before ?? emptyRuleset(), current);
    for (const difference of differences)
      changes.push(tell(options, difference, { commit, authoredAt, author, subject }));
    before = current;
  }
  return { changes, commit: head, unreadable };
}

interface Commit {
  readonly commit: string;
  readonly authoredAt: string;
  readonly author: string;
  readonly subject: string;
}

function tell(
  options: GitSourceOptions,
  difference: FlagDifference,
  { commit, authoredAt, author, subject }: Commit,
): FlagChange {
  const { flagKey, previous, current, segments } = difference;
  return {
    id: `git:${commit}:${options.flagSetId}:${flagKey}`,
    occurredAt: new Date(authoredAt).toISOString(),
    source: "git",
    flagSetId: options.flagSetId,
    flagKey,
    action: difference.action satisfies FlagChangeAction,
    actor: { id: author === "" ? "git" : author, type: author === "" ? "system" : "user" },
    ...(subject === "" ? {} : { reason: subject }),
    revision: commit.slice(0, 12),
    ...(previous === undefined ? {} : { previous }),
    ...(current === undefined ? {} : { current }),
    ...(segments.length === 0 ? {} : { segments }),
    ...(options.commitUrl === undefined ? {} : { url: options.commitUrl.replaceAll("{commit}", commit) }),
  };
}

/** The ruleset at a commit; empty where the file is not there, nothing where it cannot be read. */
async function readRuleset(options: GitSourceOptions, commit: string): Promise<Ruleset | undefined> {
  const listed = await git(options, ["ls-tree", "--name-only", commit, "--", options.path]);
  if (listed.trim() === "") return emptyRuleset();
  const parsed = parseRulesetText(await git(options, ["show", `${commit}:${options.path}`]));
  return parsed.ok ? parsed.ruleset : undefined;
}

function emptyRuleset(): Ruleset {
  const parsed = parseRulesetText('{"flags":{}}');
  if (!parsed.ok) throw new Error("an empty ruleset does not parse");
  return parsed.ruleset;
}

async function git({ repository }: GitSourceOptions, args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", repository, ...args], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
  });
  return stdout;
}
