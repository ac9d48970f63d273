import { execFile, fork, type ChildProcess } from "node:child_process";
import { promisify } from "node:util";
import { root } from "./blocks.ts";

const binary = `${root}packages/cli/dist/bin.js`;

/** What a command said, and its exit code. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `flagspan` in a folder. */
export async function flagspan(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const options = { cwd: folder, env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: 30_000 };
  try {
    const said = await promisify(execFile)(process.execPath, [binary, ...args], options);
    return { code: 0, ...said };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** A control that `flagspan serve` runs, as a process of its own. */
export interface House {
  readonly url: string;
  /** A key that may do everything. */
  readonly key: string;
  stop(): Promise<void>;
}

/** Creates a key and starts `flagspan serve` in a folder, on a free port. */
export async function startHouse(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<House> {
  const scopes = "admin,write,kill,sync,telemetry,evaluate";
  const made = await flagspan(folder, ["keys", "create", "--name", "ada", "--scopes", scopes]);
  if (made.code !== 0) throw new Error(made.stderr);
  const child = fork(binary, ["serve", "--port", "0", ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message: { listening: number }) => resolve(message.listening));
    child.once("exit", (code) => reject(new Error(`flagspan serve ended with ${code}: ${said}`)));
  });
  return { url: `http://127.0.0.1:${port}`, key: made.stdout.trim(), stop: () => end(child) };
}

/** Ends a process as Ctrl-C does, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await gone;
}
