/** The outside world of a command: everything it may touch, so that a test can hand it another. */
export interface CommandIo {
  /** Writes text to standard output, as it is. */
  stdout(text: string): void;
  /** Writes text to standard error, as it is. */
  stderr(text: string): void;
  /** Reads a file as UTF-8; rejects with Node's error where it cannot. */
  readFile(path: string): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whether standard output is a terminal: only then colours and live views make sense. */
  readonly isTTY: boolean;
  /** Aborted on Ctrl-C or SIGTERM; commands that stay up end when it fires. */
  readonly signal: AbortSignal;
}

/** One word after `flagspan`. */
export interface Command {
  readonly name: string;
  /** What it does, in a line for `flagspan --help`. */
  readonly summary: string;
  /** How to call it and what its options are, for `flagspan <name> --help`. */
  readonly usage: string;
  /** Runs it; resolves to the exit code: 0 fine, 1 findings, 2 wrong use or input. */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** Wrong use or unusable input: the message is one line that says what to do, the exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
