import type { Issue } from "@flagspan/ruleset";
import { isNode, LineCounter, parseDocument } from "yaml";
import { UsageError } from "../command.ts";

/** A YAML document as a value, and where its parts stand. */
export interface YamlInput {
  readonly value: unknown;
  readonly locate: (issues: readonly Issue[]) => readonly Issue[];
}

/** Whether a file name says YAML. */
export function isYamlPath(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

/** Reads YAML 1.2; a syntax error, or aliases that would explode, are a `UsageError` with line and column. */
export function readYaml(file: string, text: string): YamlInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new UsageError(`${file}:${line}:${col}: not YAML: ${firstLine(error.message)}`);
  }
  return {
    value: toValue(file, () => document.toJS({ maxAliasCount: 100 }) as unknown),
    locate: (issues) =>
      issues.map((issue) => {
        const offset = offsetOf(document, issue.path);
        if (offset === undefined) return issue;
        const { line, col } = lines.linePos(offset);
        return { ...issue, line, column: col };
      }),
  };
}

function toValue(file: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`${file}: not usable YAML: ${firstLine((error as Error).message)}`);
  }
}

/** Where the value at a path begins, or its nearest ancestor. */
function offsetOf(
  document: { getIn(path: readonly unknown[], keepScalar: true): unknown },
  path: readonly (string | number)[],
): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return node.range[0];
  }
  return undefined;
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
