import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

/** Programs that run for the length of interop, each with its log in the run's folder. */
export class Processes {
  private readonly folder: string;
  private readonly children: ChildProcess[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Starts a program and waits until `ready` (a URL) answers 200; fails after a minute, or when it exits, with where its log is. */
  async start(
    name: string,
    path: string,
    args: readonly string[],
    env: Record<string, string>,
    ready: string,
  ): Promise<void> {
    const log = join(this.folder, `${name}.log`);
    const child = spawn(path, [...args], { env: { ...process.env, ...env }, cwd: this.folder });
    this.children.push(child);
    const stream = createWriteStream(log);
    child.stdout.pipe(stream);
    child.stderr.pipe(stream);
    for (let tries = 0; tries < 300; tries += 1) {
      if (child.exitCode !== null) throw new Error(`${name} exited with ${child.exitCode}; see ${log}`);
      if (await answers(ready)) return;
      await pause(200);
    }
    throw new Error(`${name} was not ready after a minute; see ${log}`);
  }

  /** Ends all of them. */
  stop(): void {
    for (const child of this.children) child.kill("SIGKILL");
  }
}

/** Waits; interop talks to programs whose pace is their own. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Ports that were free a moment ago. */
export async function findPorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).status === 200;
  } catch {
    return false;
  }
}
