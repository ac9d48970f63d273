import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { expectNothingLost, readReport } from "./check.ts";

const directory = mkdtempSync(join(tmpdir(), "flagspan-kill-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the writer on a file and kills it with SIGKILL as soon as it has acknowledged `after` writes. */
function writeUntilKilled(path: string, after: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [new URL("writer.mjs", import.meta.url).pathname, path, "100000"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      output += chunk;
      if (readReport(output).acknowledged.length >= after) child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

describe("kill -9 of a control over SQLite", () => {
  it("loses nothing that was acknowledged, time after time", async () => {
    const path = join(directory, "control.db");
    let revision = 0;
    for (const after of [1, 7, 20]) {
      const report = readReport(await writeUntilKilled(path, after));
      expect(report.done).toBe(false);
      expect(report.acknowledged.length).toBeGreaterThanOrEqual(after);
      expect(report.acknowledged[0]?.revision).toBeGreaterThan(revision);
      revision = report.acknowledged.at(-1)?.revision ?? 0;
      await expectNothingLost(path, report);
    }
  });
});
