import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { installFolder, installNode, packPackages } from "../packed/install.ts";

const run = promisify(execFile);
const folders = ["ruleset", "provider", "telemetry", "bridge", "control", "guard", "cli"];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const manifests = folders.map(
  (folder) =>
    JSON.parse(
      readFileSync(new URL(`../../../packages/${folder}/package.json`, import.meta.url), "utf8"),
    ) as Manifest,
);
/** Every public entry, except those that only a test runner or another tool can load. */
const entries = manifests.flatMap(({ name, exports = {} }) =>
  Object.keys(exports)
    .filter((path) => path !== "./package.json" && path !== "./testing/vitest")
    .map((path) => name + path.slice(1)),
);

// Peers that npm does not install by itself, since each is needed by one kind of app only.
const optionalPeers = {
  "@openfeature/core": "1.12.0",
  "@openfeature/server-sdk": "1.23.0",
  "@openfeature/web-sdk": "1.10.0",
};
let installed: string | undefined;
/** All seven packages, packed and installed once for every Node. */
const installPackages = (): string =>
  (installed ??= installFolder("packed", optionalPeers, packPackages(folders)));

describe.each([
  { node: "this one", path: () => process.execPath },
  { node: "22.23.0", path: () => installNode("22.23.0") },
  { node: "24.21.0", path: () => installNode("24.21.0") },
])("on Node $node", ({ path }) => {
  let node: string;
  let folder: string;
  beforeAll(() => {
    node = path();
    folder = installPackages();
    copyFileSync(
      fileURLToPath(new URL("import-entries.mjs", import.meta.url)),
      join(folder, "import-entries.mjs"),
    );
  }, 300_000);

  test("every public entry of the packed packages can be imported", async () => {
    const { stdout } = await run(node, ["import-entries.mjs", ...entries], { cwd: folder });
    const exported = JSON.parse(stdout) as Record<string, number>;
    expect(Object.keys(exported)).toEqual(entries);
    const empty = entries.filter((entry) => exported[entry] === 0);
    expect(empty).toEqual(["@flagspan/telemetry/register"]);
  });

  test("the packed command line says its version", async () => {
    const cli = manifests.find(({ name }) => name === "flagspan");
    const bin = Object.values(cli?.bin ?? {})[0] ?? "";
    const { stdout } = await run(node, [join(folder, "node_modules", "flagspan", bin), "--version"], {
      cwd: folder,
    });
    expect(stdout).toContain(cli?.version);
  });
});
