const told = new Set<string>();

/** Says something to the person who runs the process, as Node says its own warnings: on stderr, each text once. */
export function warnOnce(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  process.emitWarning(text, { type: "FlagspanWarning" });
}
