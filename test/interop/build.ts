import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findGo, runGo } from "./go.ts";
import { goVersion, programs, type Program } from "./programs.ts";

const root = new URL("../../../", import.meta.url).pathname;
/** Where what was built or installed is kept: `.cache/interop`, or FLAGSPAN_INTEROP_CACHE. */
export const cache: string = process.env["FLAGSPAN_INTEROP_CACHE"] ?? join(root, ".cache/interop");

/** Where the programs are, each by its name, and the collector. */
export interface Built {
  readonly go: string;
  readonly paths: ReadonlyMap<string, string>;
  readonly collector: string;
}

/**
 * Builds what interop needs, or takes it from the cache, and prints versions and times. Resolves to nothing, after one line, where
 * there is no Go that can.
 */
export async function buildAll(): Promise<Built | undefined> {
  const go = await findGo();
  if (go === undefined || go.localeCompare(goVersion, "en", { numeric: true }) < 0) {
    console.log(
      `interop needs Go ${goVersion} or newer on the PATH; ${go === undefined ? "there is none" : `here is ${go}`}. Nothing was run.`,
    );
    return undefined;
  }
  const began = Date.now();
  const paths = new Map<string, string>();
  for (const program of programs) {
    const since = Date.now();
    const path = await build(program);
    paths.set(program.name, path);
    console.log(`${program.name} ${program.version} (${program.package}), ${tellTime(since)}`);
  }
  const since = Date.now();
  const collector = await buildCollector(paths.get("ocb") ?? "");
  console.log(`collector from otel-collector/manifest.yaml, ${tellTime(since)}`);
  console.log(`Go ${go}; everything is built after ${Math.round((Date.now() - began) / 1000)} s`);
  return { go, paths, collector };
}

/** Builds one program, unless the cache has this very version; resolves to its path. */
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
  await runGo(folder, "go", ["get", `${program.package}@${program.version}`]);
  await runGo(folder, "go", ["build", "-o", `${path}.new`, program.package]);
  await rename(`${path}.new`, path);
  return path;
}

/** Builds the collector unless the cache has one of the very same manifest. */
async function buildCollector(ocb: string): Promise<string> {
  const manifest = await readFile(join(root, "otel-collector/manifest.yaml"), "utf8");
  const hash = createHash("sha256").update(manifest).digest("hex").slice(0, 12);
  const path = join(cache, "bin", `otelcol-${hash}`);
  if (existsSync(path)) return path;
  const folder = join(cache, "src/otelcol");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.yaml"), manifest);
  await runGo(folder, ocb, ["--config", "manifest.yaml"]);
  await copyFile(join(folder, "dist/otelcol-flagspan"), `${path}.new`);
  await rename(`${path}.new`, path);
  return path;
}

function tellTime(sinceMs: number): string {
  const seconds = Math.round((Date.now() - sinceMs) / 1000);
  return seconds === 0 ? "cached" : `${seconds} s`;
}
