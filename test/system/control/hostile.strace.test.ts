import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectNothingLost, readReport } from "../../control/durability/check.ts";

const directory = mkdtempSync(join(tmpdir(), "flagspan-strace-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const WRITER = new URL("../../control/durability/writer.mjs", import.meta.url).pathname;
const BASE = join(directory, "base.db");
const BASE_REVISION = 1;

/** A file with its tables and one write, so that what is killed below is writing and not setting up. */
beforeAll(() => {
  execFileSync(process.execPath, [WRITER, BASE, String(BASE_REVISION)], { stdio: "ignore" });
});

/** Runs the writer on a copy of the base file under strace, watching the database's files only. */
function runWriter(
  name: string,
  inject: readonly string[],
  writes: number,
): Promise<{ path: string; stdout: string; trace: string; signal: string | null }> {
  const path = join(directory, `${name}.db`);
  const log = join(directory, `${name}.trace`);
  copyFileSync(BASE, path);
  const files = [path, `${path}-wal`, `${path}-journal`].flatMap((file) => ["-P", file]);
  return new Promise((resolve, reject) => {
    const child = spawn(
      "strace",
      ["-f", "-qq", "-o", log, ...files, ...inject, process.execPath, WRITER, path, String(writes)],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    let stdout = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => (stdout += chunk));
    child.once("error", reject);
    child.once("close", (_code, signal) =>
      resolve({ path, stdout, trace: readFileSync(log, "utf8"), signal }),
    );
  });
}

function countCalls(trace: string, syscall: string): number {
  return trace.split("\n").filter((line) => new RegExp(`(^|\\s)${syscall}\\(`).test(line)).length;
}

describe("a control killed at a system call of its store", () => {
  it.each([
    { syscall: "fsync", writes: 4 },
    { syscall: "pwrite64", writes: 2 },
  ])(
    "loses nothing acknowledged, killed at every $syscall",
    { timeout: 300_000 },
    async ({ syscall, writes }) => {
      const whole = await runWriter(`count-${syscall}`, ["-e", `trace=${syscall}`], writes);
      expect(readReport(whole.stdout).done).toBe(true);
      const calls = countCalls(whole.trace, syscall);
      expect(calls).toBeGreaterThan(writes);
      let bites = 0;
      for (let call = 1; call <= calls; call += 1) {
        const inject = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:signal=KILL:when=${call}`];
        const killed = await runWriter(`${syscall}-${call}`, inject, writes);
        if (killed.trace.includes("+++ killed by SIGKILL +++")) bites += 1;
        await expectNothingLost(killed.path, readReport(killed.stdout), BASE_REVISION);
      }
      // The injection bites: without it every run would have ended by itself.
      expect(bites).toBe(calls);
    },
  );

  it.each([
    { syscall: "fsync", error: "ENOSPC" },
    { syscall: "fsync", error: "EIO" },
    { syscall: "pwrite64", error: "ENOSPC" },
    { syscall: "pwrite64", error: "EIO" },
  ])(
    "acknowledges no write that $syscall refused with $error, and keeps all others",
    async ({ syscall, error }) => {
      // The first calls open the file; from the tenth on, every third one fails.
      const inject = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:error=${error}:when=10+3`];
      const { path, stdout, trace } = await runWriter(`${error}-${syscall}`, inject, 20);
      const report = readReport(stdout);
      expect(trace).toContain(`${error} `);
      expect(report.refused).toBeGreaterThan(0);
      await expectNothingLost(path, report, BASE_REVISION);
    },
  );
});

describe("the tool", () => {
  it("is there and may trace", () => {
    expect(spawnSync("strace", ["-V"]).status).toBe(0);
  });
});
