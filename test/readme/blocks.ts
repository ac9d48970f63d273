import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** `<file>#<heading above it>`, and ` (2)` for the second of a language there: stays the same when lines move. */
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Every Markdown file of the repository, by its path from the root. */
export function listMarkdown(): readonly string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", "**/*.md"];
  const { stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return [...new Set(stdout.split("\n").filter((file) => file !== ""))];
}

/** The text of a Markdown file. */
export function readMarkdown(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** The fenced blocks of all Markdown files that are in one of these languages; with none named, all of them. */
export function listBlocks(...languages: readonly string[]): readonly CodeBlock[] {
  const blocks = listMarkdown().flatMap((file) => findCodeBlocks(file, readMarkdown(file)));
  return languages.length === 0 ? blocks : blocks.filter(({ language }) => languages.includes(language));
}

/** The fenced blocks of a Markdown text, in order. A fence that is never closed ends with the text. */
export function findCodeBlocks(file: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const seen = new Map<string, number>();
  let heading = "";
  let open: { line: number; fence: string; language: string; code: string[] } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const { line, language, code } = open;
    const place = `${file}#${heading}`;
    const count = (seen.get(`${place} ${language}`) ?? 0) + 1;
    seen.set(`${place} ${language}`, count);
    const name = count === 1 ? place : `${place} (${count})`;
    blocks.push({ file, line, name, language, code: code.join("\n") });
    open = undefined;
  };
  for (const [index, text] of markdown.split("\n").entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(text);
    if (open !== undefined) {
      if (fence?.[1]?.startsWith(open.fence) === true && fence[2] === "") close();
      else open.code.push(text);
    } else if (fence !== null) {
      open = { line: index + 1, fence: fence[1] ?? "", language: fence[2] ?? "", code: [] };
    } else heading = /^#+\s+(.*)$/.exec(text)?.[1] ?? heading;
  }
  close();
  return blocks;
}
