/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a Markdown text, in order. */
export function findCodeBlocks(file: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { line: number; language: string; code: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const fence = /^\s*```(\S*)/.exec(text);
    if (fence === null) open?.code.push(text);
    else if (open === undefined) open = { line: index + 1, language: fence[1] ?? "", code: [] };
    else {
      blocks.push({ file, line: open.line, language: open.language, code: open.code.join("\n") });
      open = undefined;
    }
  }
  return blocks;
}
