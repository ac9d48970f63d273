import { UsageError } from "./command.ts";

/** Refuses words that no argument is left for: what is ignored silently was meant for something. */
export function refuseExtra(name: string, positionals: readonly string[], most: number): void {
  const extra = positionals[most];
  if (extra !== undefined)
    throw new UsageError(
      `"${extra}" is one word too many; \`flagspan ${name} --help\` shows how to call it.`,
    );
}
