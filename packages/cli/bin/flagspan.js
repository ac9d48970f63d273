#!/usr/bin/env node
// Kept in git, unlike dist/: npm links a workspace's command when it installs, which is before anything is built.
import { existsSync } from "node:fs";

const program = new URL("../dist/bin.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error("flagspan: nothing is built here yet; run `npm run build` first.");
  process.exitCode = 2;
}
