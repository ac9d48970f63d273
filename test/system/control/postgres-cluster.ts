import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Postgres of this test's own, with the durability a fresh installation has. */
export interface PostgresCluster {
  readonly url: string;
  stop(): Promise<void>;
}

/** Makes a cluster in a temporary folder and starts it on a free port; as user `postgres` where we are root. */
export async function startPostgres(): Promise<PostgresCluster> {
  const directory = mkdtempSync(join(tmpdir(), "flagspan-postgres-"));
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"]).stdout.toString());
    chownSync(directory, id("-u"), id("-g"));
  }
  const data = join(directory, "data");
  const command = (binary: string, args: readonly string[]): readonly [string, readonly string[]] => {
    const path = join(findBinaries(), binary);
    return asRoot ? ["runuser", ["-u", "postgres", "--", path, ...args]] : [path, args];
  };
  const [initdb, initArgs] = command("initdb", ["-D", data, "-A", "trust", "-U", "flagspan", "-E", "UTF8"]);
  const made = spawnSync(initdb, [...initArgs], { cwd: directory });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`);

  const port = await freePort();
  const settings = [`listen_addresses=127.0.0.1`, `port=${port}`, `unix_socket_directories=${directory}`];
  const [postgres, args] = command("postgres", [
    "-D",
    data,
    ...settings.flatMap((setting) => ["-c", setting]),
  ]);
  const server = spawn(postgres, [...args], { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  await untilReady(server);
  return {
    url: `postgres://flagspan@127.0.0.1:${port}/postgres`,
    async stop() {
      const ended = new Promise((resolve) => server.once("close", resolve));
      // The server itself, not the `runuser` around it: that one would not pass the signal on.
      process.kill(Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]), "SIGINT");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function findBinaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return join(root, newest, "bin");
  const found = spawnSync("sh", ["-c", "dirname $(command -v initdb)"]).stdout.toString().trim();
  if (found === "") throw new Error("Postgres is not installed; npm run test:system says what is missing");
  return found;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    server.once("exit", () => reject(new Error(`postgres ended: ${log}`)));
    server.stderr?.setEncoding("utf8");
    server.stderr?.on("data", (chunk: string) => {
      log += chunk;
      if (log.includes("ready to accept connections")) resolve();
    });
  });
}
