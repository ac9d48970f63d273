import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** A script in a process of its own that talks in lines. */
export interface Child {
  readonly process: ChildProcess;
  /** The rest of the next line that begins with this word. */
  next(word: string): Promise<string>;
  tell(line: string): void;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a script of this folder. */
export function startChild(script: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const heard: string[] = [];
  const waiting: { word: string; resolve: (rest: string) => void }[] = [];
  const deliver = (): void => {
    for (const [at, { word, resolve }] of waiting.entries()) {
      const line = heard.findIndex((candidate) => candidate.split(" ")[0] === word);
      if (line < 0) continue;
      waiting.splice(at, 1);
      resolve((heard.splice(line, 1)[0] ?? "").slice(word.length + 1));
      return deliver();
    }
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    heard.push(line);
    deliver();
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  return {
    process: child,
    next: async (word) =>
      new Promise((resolve, reject) => {
        waiting.push({ word, resolve });
        child.once("exit", () => reject(new Error(`${script} ended before it said ${word}`)));
        deliver();
      }),
    tell: (line) => child.stdin.write(`${line}\n`),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
