/** A place in a text, both from 1. */
export interface FramePlace {
  readonly line: number;
  readonly column: number;
}

/** Columns shown of a line; longer lines are cut around the place. */
const WIDTH = 100;

/** Shows a place in a text with the line before and after, and points at the column. */
export function printCodeFrame(lines: readonly string[], place: FramePlace): string {
  const first = Math.max(1, place.line - 1);
  const last = Math.min(lines.length, place.line + 1);
  const gutter = String(last).length;
  const start = place.column > WIDTH - 20 ? place.column - 40 : 0;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const line = printable(lines[number - 1] ?? "").slice(start, start + WIDTH);
    const mark = number === place.line ? ">" : " ";
    shown.push(`${mark} ${String(number).padStart(gutter)} | ${line}`.trimEnd());
    if (number === place.line) {
      shown.push(`  ${" ".repeat(gutter)} | ${" ".repeat(Math.max(0, place.column - 1 - start))}^`);
    }
  }
  return shown.join("\n");
}

/** Tabs as one column, so that the pointer stays below its place; control characters cannot reach the terminal. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, " ");
}
