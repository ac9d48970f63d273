/** Tells the story on a stream of text, each line with the time since the start. */
export interface Narrator {
  /** One thing that happened. */
  tell(line: string): void;
  /** Lines that belong to the one before. */
  show(lines: readonly string[]): void;
}

/** Creates a narrator; `now` is in milliseconds, `write` takes whole lines. */
export function createNarrator(now: () => number, write: (text: string) => void): Narrator {
  const started = now();
  return {
    tell: (line) => write(`${((now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`),
    show: (lines) => {
      for (const line of lines) write(`          ${line}\n`);
    },
  };
}

/** Lays out rows under headings, the first column to the left and figures to the right. */
export function layOutTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("   ");
  return [line(headings), widths.map((width) => "─".repeat(width)).join("───"), ...rows.map(line)];
}
