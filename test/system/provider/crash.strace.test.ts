import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { FlagspanProvider } from "@flagspan/provider/server";
import { afterAll, beforeAll, expect, test } from "vitest";

const child = new URL("crash-child.mjs", import.meta.url).pathname;
let folder = "";
let server: Worker;
let url = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagspan-crash-"));
  // In a thread of its own, since the children are waited for synchronously.
  const script = `
    const { createServer } = require("node:http");
    const { parentPort } = require("node:worker_threads");
    let version = 1;
    parentPort.on("message", (next) => { version = next; parentPort.postMessage("set"); });
    const server = createServer((request, response) => {
      if (request.method === "POST") return response.writeHead(204).end();
      // More than one write takes.
      const padding = { state: "ENABLED", variants: { text: "x".repeat(1_200_000) }, defaultVariant: "text" };
      const flags = { padding, revision: { state: "ENABLED", variants: { now: version }, defaultVariant: "now" } };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: snapshot\\nid: " + version + "\\ndata: " + JSON.stringify({ flags, metadata: { version: String(version) } }) + "\\n\\n");
    });
    server.listen(0, "127.0.0.1", () => parentPort.postMessage("http://127.0.0.1:" + server.address().port));
  `;
  server = new Worker(script, { eval: true });
  url = await new Promise<string>((resolve) => server.once("message", resolve));
});
afterAll(async () => {
  await server.terminate();
  await rm(folder, { recursive: true });
});

async function serve(version: number): Promise<void> {
  const done = new Promise((resolve) => server.once("message", resolve));
  server.postMessage(version, []);
  await done;
}

/** Which revision is on disk: what is kept answers before the server does, which has another one by then. */
async function readKept(cacheDir: string): Promise<number> {
  await serve(99);
  const provider = new FlagspanProvider({ url, set: "shop", cacheDir });
  await provider.initialize();
  const { value } = provider.evaluateSync("revision", -1);
  await provider.onClose();
  return value;
}

function run(
  cacheDir: string,
  wanted: number,
  inject: readonly string[],
): { signal: string | null; status: number | null } {
  const traced = [
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    ...inject,
    process.execPath,
    child,
    url,
    cacheDir,
    String(wanted),
  ];
  const { signal, status } = spawnSync("strace", traced, {
    stdio: "ignore",
    timeout: 60_000,
    // strace counts per thread: with one thread for the disk, the n-th call is the n-th.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  });
  return { signal, status };
}

/** `bites`: how many of the first calls, harmed one at a time, must be seen to have done harm. */
test.each([
  ["killed at the n-th fsync", "fsync", "signal=KILL", 2],
  ["killed at the n-th rename", "rename", "signal=KILL", 2],
  ["killed at the n-th write", "write", "signal=KILL", 2],
  ["a full disk at the n-th fsync", "fsync", "error=ENOSPC", 1],
  ["a full disk at the n-th write", "write", "error=ENOSPC", 1],
  ["a broken disk at the n-th rename", "rename", "error=EIO", 2],
])(
  "the snapshot on disk is whole, old or new, whatever happens: %s",
  { timeout: 300_000 },
  async (_what, call, harm, wantedBites) => {
    const seeded = join(folder, `${call}-${harm}`);
    await serve(1);
    expect(run(seeded, 1, ["-e", "trace=none"]).status).toBe(0);
    const name = (await readdir(seeded)).find((file) => file.endsWith(".ruleset")) ?? "";
    let bites = 0;
    for (let nth = 1; nth <= 3; nth++) {
      const cacheDir = `${seeded}-${nth}`;
      await cp(seeded, cacheDir, { recursive: true });
      await serve(2);
      // A process writes to much else: only what goes to the snapshot counts.
      const only = call === "write" ? ["-P", join(cacheDir, `${name}.00000000-crash.tmp`)] : [];
      const { signal, status } = run(cacheDir, 2, [
        ...only,
        "-e",
        `trace=${call}`,
        "-e",
        `inject=${call}:${harm}:when=${nth}`,
      ]);
      const kept = await readKept(cacheDir);
      expect([1, 2]).toContain(kept);
      // A kill is seen by how the process ended; a disk that refuses, by the old revision still being there.
      const wasKilled = signal !== null || status === 137;
      if (harm.startsWith("signal") ? wasKilled : kept === 1) bites++;
      // A disk that refuses ends no process.
      const isUnharmed = status === 0;
      expect(isUnharmed || harm.startsWith("signal")).toBe(true);
    }
    expect(bites).toBeGreaterThanOrEqual(wantedBites);
  },
);
