/**
 * `npm run test:system`: makes sure of Postgres, strace and nginx, then runs the tests that need them.
 *
 * As root on a machine with apt, what is missing is installed. Elsewhere it is named, the files that need it
 * (`*.<tool>.test.ts`) are left out, and the run ends with 1: not everything was tested.
 */
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const TOOLS = [
  { name: "postgres", binary: "initdb", package: "postgresql" },
  { name: "strace", binary: "strace", package: "strace" },
  { name: "nginx", binary: "nginx", package: "nginx-light" },
];

function findBinary(binary) {
  const postgres = "/usr/lib/postgresql";
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    ...(existsSync(postgres) ? readdirSync(postgres).map((version) => join(postgres, version, "bin")) : []),
  ];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = () => TOOLS.filter((tool) => !findBinary(tool.binary));

function install(tools) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Packages must not start their servers: the tests run their own.
  const policy = "/usr/sbin/policy-rc.d";
  const mine = !existsSync(policy);
  if (mine) {
    writeFileSync(policy, "#!/bin/sh\nexit 101\n");
    chmodSync(policy, 0o755);
  }
  try {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
    const packages = tools.map((tool) => tool.package);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
      stdio: "inherit",
      env,
    });
  } finally {
    if (mine) rmSync(policy);
  }
}

const needed = missing();
if (needed.length > 0 && process.getuid?.() === 0 && findBinary("apt-get")) install(needed);
const absent = missing();
for (const tool of absent) {
  console.error(`missing: ${tool.name} (Debian package ${tool.package}); its tests are left out`);
}
const exclude = absent.flatMap((tool) => ["--exclude", `**/*.${tool.name}.test.ts`]);
const vitest = new URL("../../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
const config = new URL("vitest.config.ts", import.meta.url).pathname;
const run = spawnSync(
  process.execPath,
  [vitest, "run", "--config", config, ...exclude, ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
process.exit(absent.length > 0 ? 1 : (run.status ?? 1));
