import { execFile, fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const bin = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));

/** `flagspan serve` in a process and a folder of its own, with a key that may do everything. */
export interface ServeProcess {
  readonly url: string;
  readonly key: string;
  /** Runs another command against it and returns what it prints. */
  flagspan(...args: readonly string[]): Promise<string>;
  send<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Starts it; `config` is the text of its configuration file. */
export async function startServe(config?: string): Promise<ServeProcess> {
  const folder = mkdtempSync(join(tmpdir(), "flagspan-serve-"));
  const store = join(folder, "control.db");
  let env: Record<string, string> = { PATH: process.env["PATH"] ?? "" };
  const flagspan = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [bin, ...args], { cwd: folder, env })).stdout;
  const who = ["keys", "create", "--store", store, "--name", "ada@shop.example", "--actor", "user"];
  const key = (await flagspan(...who, "--scopes", "admin,write,kill,sync,telemetry")).trim();
  if (config !== undefined) writeFileSync(join(folder, "flagspan.yaml"), config);
  const more = config === undefined ? [] : ["--config", join(folder, "flagspan.yaml")];
  const server = fork(bin, ["serve", "--store", store, "--port", "0", ...more], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
    env,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("message", (message: { listening: number }) => resolve(message.listening));
    server.once("exit", (code) => reject(new Error(`flagspan serve ended with ${code}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  env = { ...env, FLAGSPAN_URL: url, FLAGSPAN_KEY: key };
  return {
    url,
    key,
    flagspan,
    async send<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
    async close() {
      const gone = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
