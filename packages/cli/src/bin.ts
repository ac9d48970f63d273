#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { CommandIo } from "./command.ts";
import { commands } from "./commands.ts";
import { runCommandLine } from "./run.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stop.abort();
    // A second signal does not wait for anything.
    process.once(signal, () => process.exit(130));
  });
}

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, "utf8"),
  env: process.env,
  cwd: process.cwd(),
  now: () => Date.now(),
  isTTY: process.stdout.isTTY,
  signal: stop.signal,
};
process.exitCode = await runCommandLine(process.argv.slice(2), commands, io, version);
