import { printCodeFrame } from "./code-frame.ts";

/** What is printed of an issue, from a ruleset or from a policy. */
export interface PrintableIssue {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly flagKey?: string;
  readonly line?: number;
  readonly column?: number;
  readonly didYouMean?: string;
}

/** Prints an issue for people: what, where, and the lines around it. */
export function printIssue(issue: PrintableIssue, file: string, lines: readonly string[]): string {
  const suggestion =
    issue.didYouMean === undefined || issue.message.includes(`"${issue.didYouMean}"`)
      ? ""
      : `; did you mean "${issue.didYouMean}"?`;
  const flag = issue.flagKey === undefined ? "" : `${issue.flagKey}: `;
  const head = asText(`${issue.severity}: ${flag}${issue.message}${suggestion} [${issue.code}]`);
  if (issue.line === undefined) return `${head}\n  in ${file}\n`;
  const place = { line: issue.line, column: issue.column ?? 1 };
  return `${head}\n  at ${file}:${place.line}:${place.column}\n${printCodeFrame(lines, place)}\n`;
}

/** A text for the terminal: control characters from a file must not act there. */
export function asText(text: string): string {
  return text.replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, " ");
}

/** `1 error`, `2 errors`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
