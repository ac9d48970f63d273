import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A control in a process of its own. */
export interface ControlProcess {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  /** Resident bytes now. */
  rss(): number;
  ask(method: string, path: string, body?: unknown): Promise<Response>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts one over a Postgres URL, or over memory. */
export async function startControlProcess(place: string): Promise<ControlProcess> {
  const script = new URL("serve.mjs", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--expose-gc", script, place], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const nextLine = (start: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const hear = (line: string): void => {
        if (!line.startsWith(start)) return;
        lines.off("line", hear);
        resolve(line.slice(start.length + 1));
      };
      lines.on("line", hear);
      child.once("exit", () => reject(new Error("the control process ended")));
    });
  const [url = "", key = ""] = (await nextLine("url")).split(" ");
  return {
    url,
    key,
    pid: child.pid ?? 0,
    rss() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    ask: (method, path, body) =>
      fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
