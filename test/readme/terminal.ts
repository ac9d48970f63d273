import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./blocks.ts";
import type { Said } from "./house.ts";

/** A terminal in a folder: lines are run by a shell as they are written, and what they export stays. */
export interface Terminal {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Runs a line to its end. */
  run(line: string): Promise<Said>;
  /** Starts a line that does not end by itself and resolves when it has said something; rejects where it ended without. */
  start(line: string, says: RegExp): Promise<Started>;
  /** Ends what was started and still runs. */
  close(): Promise<void>;
}

/** A line that still runs. */
export interface Started {
  readonly said: string;
  /** Presses Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>;
}

/** Opens a terminal. `flagspan` and everything else that is installed is on its PATH; no line may use the network. */
export function openTerminal(folder: string): Terminal {
  const bin = join(root, "node_modules/.bin");
  const env: Record<string, string> = {
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
    HOME: folder,
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
    NO_COLOR: "1",
    // What listens picks a free port.
    PORT: "0",
  };
  const running = new Set<ChildProcess>();
  const open = (script: string): ChildProcess =>
    spawn("sh", ["-c", script], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });

  return {
    folder,
    env,
    async run(line) {
      const kept = join(folder, ".exported");
      const child = open(`${line}\ncode=$?\nenv -0 > ${JSON.stringify(kept)}\nexit $code`);
      const said = { stdout: "", stderr: "" };
      child.stdout?.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
      child.stderr?.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
      const code = await new Promise<number>((resolve) =>
        child.once("close", (ended) => resolve(ended ?? -1)),
      );
      for (const pair of readFileSync(kept, "utf8").split("\0")) {
        const name = pair.split("=", 1)[0] ?? "";
        if (name.startsWith("FLAGSPAN_")) env[name] = pair.slice(name.length + 1);
      }
      return { code, ...said };
    },
    async start(line, says) {
      const child = open(`exec ${line}`);
      running.add(child);
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      let text = "";
      await new Promise<void>((resolve, reject) => {
        const hear = (chunk: Buffer): void => {
          text += chunk.toString();
          if (says.test(text)) resolve();
        };
        child.stdout?.on("data", hear);
        child.stderr?.on("data", hear);
        void ended.then((code) => reject(new Error(`${line} ended with ${code}: ${text}`)));
      });
      const interrupt = async (): Promise<number | null> => {
        // The whole group, as a terminal does: npx stands before the command.
        if (running.delete(child) && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
        return ended;
      };
      return { said: text, interrupt };
    },
    async close() {
      for (const child of running) {
        const gone = new Promise((resolve) => child.once("close", resolve));
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
        else continue;
        await gone;
      }
      running.clear();
    },
  };
}
