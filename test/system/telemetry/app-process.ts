import { fork } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** An app of `apps/`, running in a process of its own. */
export interface AppProcess {
  readonly url: string;
  /** Everything it wrote on stderr. */
  stderr(): string;
  /** Ends it as an orchestrator would, waits for its last export, and answers its exit code. */
  stop(): Promise<number | null>;
}

/** How an app is started. */
export interface AppOptions {
  readonly node: string;
  /** The folder its packages are installed in. */
  readonly folder: string;
  readonly app: "express" | "fastify" | "nest" | "chain";
  /** In front of the app: the preloads. */
  readonly preloads: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const apps = fileURLToPath(new URL("apps/", import.meta.url));

/** Copies the apps beside their packages and starts one; resolves when it listens. */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const folder = join(options.folder, "apps");
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(apps)) copyFileSync(join(apps, name), join(folder, name));
  const child = fork(join(folder, `${options.app}.cjs`), {
    cwd: options.folder,
    execPath: options.node,
    execArgv: [...options.preloads],
    env: { PATH: process.env["PATH"], NODE_ENV: "production", ...options.env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", (code) => reject(new Error(`${options.app} ended with ${String(code)}: ${errors}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stderr: () => errors,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), 60_000);
      const [code] = (await ended) as [number | null];
      clearTimeout(impatience);
      return code;
    },
  };
}
