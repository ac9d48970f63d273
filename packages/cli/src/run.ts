import { findClosest } from "./closest.ts";
import type { Command, CommandIo } from "./command.ts";
import type { CommandTable } from "./commands.ts";
import { UsageError } from "./command.ts";

/**
 * Runs one command line (without node and script) against a table of commands and resolves to the exit code. Wrong use becomes one
 * line on standard error that says what to do, and exit code 2.
 */
export async function runCommandLine(
  argv: readonly string[],
  commands: CommandTable,
  io: CommandIo,
  version: string,
): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    io.stdout(describeCommands(await Promise.all(Object.values(commands).map((load) => load()))));
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    io.stdout(`${version}\n`);
    return 0;
  }
  if (!Object.hasOwn(commands, name)) {
    const meant = findClosest(name, Object.keys(commands));
    const hint = meant === undefined ? "." : `, did you mean "${meant}"?`;
    io.stderr(`flagspan: unknown command "${name}"${hint} Run \`flagspan --help\` for the list.\n`);
    return 2;
  }
  const command = await (commands[name] as () => Promise<Command>)();
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout(`${command.summary}\n\n${command.usage.trim()}\n`);
    return 0;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    io.stderr(`flagspan ${name}: ${explainFailure(error, name)}\n`);
    return 2;
  }
}

function describeCommands(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `flagspan: flags, and what they do to your services, in any APM\n\n${lines.join("\n")}\n\nflagspan <command> --help shows how to call it.\n`;
}

/** One line for a person: what went wrong and what would fix it. */
function explainFailure(error: unknown, name: string): string {
  if (error instanceof UsageError) return error.message;
  const code = (error as { code?: unknown }).code;
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  if (
    code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ||
    code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" ||
    code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL"
  ) {
    return `${message.replace(/\. To specify.*$/, "")}. Run \`flagspan ${name} --help\` for what it takes.`;
  }
  const { path, syscall } = error as { path?: unknown; syscall?: unknown };
  const file = typeof path === "string" ? path : "the file";
  if (code === "EEXIST" || code === "ENOTDIR" || (syscall === "mkdir" && code === "ENOENT"))
    return `no folder can be made at ${file}: something is in its way, or the place is not writable; choose another.`;
  if (code === "ENOENT") return `${file} does not exist; check the path.`;
  if (code === "EISDIR") return `${file} is a folder; name a file.`;
  const port = (error as { port?: unknown }).port;
  if (code === "EACCES" && typeof port === "number")
    return `port ${port} is not for this user to take; choose one above 1023 with --port.`;
  if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL")
    return `${message}: that is no address of this machine; choose another with --host.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `no permission for ${file}; choose another place or change its permissions.`;
  if (code === "EADDRINUSE")
    return `port ${String(port)} is taken; stop what listens there or choose another with --port.`;
  return message;
}
