import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright-core";

/** Where the Chromium of the tests is and what it needs in its environment to start. */
interface ChromiumInstallation {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts a headless Chromium that needs nothing installed: the binary and its shared libraries come out of
 * `@sparticuz/chromium` (Linux x64). `CHROME_PATH` names another Chrome or Chromium and wins where it is set.
 * The caller closes the browser. Rejects with what to install or set when there is no browser for this platform.
 */
export async function launchChromium(): Promise<Browser> {
  const { executablePath, env } = findChromium();
  return chromium.launch({
    executablePath,
    headless: true,
    env: { ...readEnvironment(), ...env },
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-zygote"],
  });
}

function findChromium(): ChromiumInstallation {
  const named = process.env["CHROME_PATH"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`CHROME_PATH is ${named}, and there is no such file: correct it`);
    return { executablePath: named, env: {} };
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `no Chromium ships for ${process.platform} ${process.arch}: set CHROME_PATH to an installed Chrome or Chromium`,
    );
  }
  const folder = unpackOnce();
  return {
    executablePath: join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), process.env["LD_LIBRARY_PATH"] ?? ""]
        .filter((part) => part !== "")
        .join(":"),
      FONTCONFIG_PATH: join(folder, "fonts"),
    },
  };
}

/**
 * The package unpacks into the temporary directory and takes a half-written file of another process for a finished
 * one. So it unpacks, in a process of its own, into a private folder that is renamed into place when it is whole.
 */
function unpackOnce(): string {
  const entry = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
  const root = dirname(dirname(dirname(entry)));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const parent = join(tmpdir(), `flagspan-chromium-${process.getuid?.() ?? 0}`);
  const folder = join(parent, version);
  if (existsSync(join(folder, "chromium"))) return folder;
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const staging = mkdtempSync(join(parent, "unpacking-"));
  const script = `import chromium from ${JSON.stringify(import.meta.resolve("@sparticuz/chromium"))}; await chromium.executablePath();`;
  const unpacked = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
    // The environment of an Amazon Linux function is what makes the package unpack its shared libraries too.
    env: {
      ...readEnvironment(),
      NODE_OPTIONS: "",
      TMPDIR: staging,
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x",
    },
  });
  if (unpacked.status !== 0) {
    rmSync(staging, { recursive: true, force: true });
    throw new Error(
      `@sparticuz/chromium could not be unpacked into ${parent} (250 MB needed; TMPDIR chooses another disk): ${unpacked.stderr}`,
    );
  }
  try {
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(join(folder, "chromium"))) throw error; // otherwise another process was first, and its folder is whole
  }
  return folder;
}

function readEnvironment(): Record<string, string> {
  const defined = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(defined);
}
