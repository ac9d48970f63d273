import { fork, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One process of the running shop. */
export interface Running {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Sends it a message over its channel. */
  send(message: object): void;
}

/** Starts processes, keeps what they print in files, and stops them all. */
export interface ProcessGroup {
  start(options: StartOptions): Promise<Running>;
  /** Why a process ended on its own, once one has. */
  failure(): string | undefined;
  stop(): Promise<void>;
}

/** What to start and how it says that it is ready: a message `{ listening: port }` to its parent. */
export interface StartOptions {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly preload?: string;
  readonly env: Readonly<Record<string, string>>;
}

const readyWithinMs = 30_000;
const stopWithinMs = 5_000;

/** Creates a group whose output goes to `<directory>/<name>.log`. */
export function createProcessGroup(directory: string): ProcessGroup {
  mkdirSync(directory, { recursive: true });
  const children: { name: string; child: ChildProcess }[] = [];
  let stopping = false;
  let failed: string | undefined;

  async function start({ name, script, args = [], preload, env }: StartOptions): Promise<Running> {
    const logFile = join(directory, `${name}.log`);
    const output = createWriteStream(logFile);
    const child = fork(script, [...args], {
      execArgv: preload === undefined ? [] : ["--import", preload],
      env: { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1", ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    child.stdout?.pipe(output);
    child.stderr?.pipe(output);
    children.push({ name, child });
    child.once("exit", (code, signal) => {
      if (!stopping) failed ??= `${name} ended by itself (${signal ?? `exit ${code}`}): ${lastLine(logFile)}`;
    });
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${name} was not ready within ${readyWithinMs / 1000} s; see ${logFile}`)),
        readyWithinMs,
      );
      child.on("message", (message: { listening?: number }) => {
        if (message.listening === undefined) return;
        clearTimeout(timer);
        resolve(message.listening);
      });
      child.once("exit", () => {
        clearTimeout(timer);
        // The last words may still be on their way to the file.
        setTimeout(() => reject(new Error(failed ?? `${name} ended`)), 100);
      });
      child.once("error", reject);
    });
    return { name, port, pid: child.pid ?? 0, send: (message) => void child.send(message) };
  }

  async function stop(): Promise<void> {
    stopping = true;
    // In the order opposite to their start: traffic first, control last.
    for (const { child } of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      await gone;
      clearTimeout(timer);
    }
  }

  return { start, stop, failure: () => failed };
}

function lastLine(file: string): string {
  try {
    const lines = readFileSync(file, "utf8").trim().split("\n");
    return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "").slice(0, 400);
  } catch {
    return `its output is in ${file}`;
  }
}
