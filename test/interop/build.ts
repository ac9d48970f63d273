import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const run = promisify(execFile);
const root = new URL("../../../", import.meta.url).pathname;
const cache = join(root, ".cache/interop");

/** The installed Go's version, or nothing where there is none. */
export async function findGo(): Promise<string | undefined> {
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], {
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
    return stdout.trim().replace(/^go/, "");
  } catch {
    return undefined;
  }
}

/** Builds a program unless the cache has this very version; resolves to its path. */
export async function build(program: Program): Promise<string> {
  const path = join(cache, "bin", `${program.name}-${program.version}`);
  if (existsSync(path)) return path;
  const folder = join(cache, "src", `${program.name}-${program.version}`);
  await mkdir(folder, { recursive: true });
  const replace = (program.replace ?? []).map((line) => `replace ${line}\n`).join("");
  await writeFile(
    join(folder, "go.mod"),
    `module flagspan.dev/interop/${program.name}\n\ngo 1.25\n\n${replace}`,
  );
  await go(folder, ["get", `${program.package}@${program.version}`]);
  await go(folder, ["build", "-o", `${path}.new`, program.package]);
  await rename(`${path}.new`, path);
  return path;
}

/** Builds the collector from otel-collector/manifest.yaml unless the cache has one of the very same manifest. */
export async function buildCollector(ocb: string): Promise<string> {
  const manifest = await readFile(join(root, "otel-collector/manifest.yaml"), "utf8");
  const path = join(
    cache,
    "bin",
    `otelcol-${createHash("sha256").update(manifest).digest("hex").slice(0, 12)}`,
  );
  if (existsSync(path)) return path;
  const folder = join(cache, "src/otelcol");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.yaml"), manifest);
  await run(ocb, ["--config", "manifest.yaml"], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  await copyFile(join(folder, "dist/otelcol-flagspan"), `${path}.new`);
  await rename(`${path}.new`, path);
  return path;
}

async function go(cwd: string, args: readonly string[]): Promise<void> {
  await run("go", [...args], {
    cwd,
    env: { ...process.env, GOFLAGS: "-buildvcs=false" },
    maxBuffer: 64 * 1024 * 1024,
  });
}
