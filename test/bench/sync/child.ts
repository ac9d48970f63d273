import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A child process that talks in JSON lines. */
export interface Child {
  readonly pid: number;
  /** The next line it says. */
  next(): Promise<Record<string, unknown>>;
  /** Sends a line and reads the answer. */
  ask(line?: string): Promise<Record<string, unknown>>;
  send(line: string): void;
  kill(): Promise<void>;
}

/** Starts a script of this folder. */
export function startChild(script: string, args: readonly string[]): Child {
  const path = new URL(script, import.meta.url).pathname;
  const child = spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const said: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const reader = waiting.shift();
    if (reader === undefined) said.push(line);
    else reader(line);
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const next = async (): Promise<Record<string, unknown>> => {
    const line = said.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
    return JSON.parse(line) as Record<string, unknown>;
  };
  return {
    pid: child.pid ?? 0,
    next,
    ask(line = "") {
      child.stdin.write(`${line}\n`);
      return next();
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
