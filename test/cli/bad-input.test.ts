import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const binary = fileURLToPath(new URL("../../packages/cli/dist/bin.js", import.meta.url));
const home = new URL("../../packages/cli/", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "flagspan-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const ruleset = '{"flags":{"a":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';

function flagspan(...args: readonly string[]): {
  readonly code: number | null;
  readonly stderr: string;
  readonly lines: number;
} {
  const result = spawnSync(process.execPath, [binary, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: process.env["PATH"] ?? "" },
  });
  return { code: result.status, stderr: result.stderr, lines: result.stderr.trim().split("\n").length };
}

describe("bad input gets one line that says what to do, and exit code 2", () => {
  test.each([
    { title: "no ruleset named", args: ["dev"], says: /name a ruleset file/ },
    {
      title: "ruleset file missing",
      args: ["dev", "nowhere.json"],
      says: /nowhere\.json does not exist; check the path/,
    },
    { title: "ruleset is a folder", args: ["dev", "."], says: /is a folder; name a file/ },
    { title: "unknown command", args: ["serv"], says: /unknown command "serv", did you mean "serve"\?/ },
    { title: "unknown option", args: ["serve", "--prot", "1"], says: /--prot.*--help/ },
    {
      title: "a port that is none",
      args: ["dev", file("good.json", '{"flags":{}}'), "--port", "huge"],
      says: /--port is "huge"; it is a number from 0 to 65535/,
    },
    {
      title: "unknown scope",
      args: ["keys", "create", "--name", "x", "--scopes", "god"],
      says: /unknown scope "god"; choose from/,
    },
    {
      title: "a word too many",
      args: ["dev", file("one.json", '{"flags":{}}'), "two.json"],
      says: /"two\.json" is one word too many; `flagspan dev --help` shows/,
    },
    {
      title: "a set's name that is none",
      args: ["dev", file("set.json", '{"flags":{}}'), "--set", "Shop"],
      says: /"Shop" is no name for a flag set; it has/,
    },
    {
      title: "a key for a set that cannot be",
      args: ["keys", "create", "--name", "x", "--scopes", "sync", "--sets", "Shop"],
      says: /"Shop" is no name for a flag set/,
    },
    {
      title: "a key for nobody",
      args: ["keys", "create", "--name", " ", "--scopes", "sync"],
      says: /--name is missing/,
    },
    {
      title: "a folder for a store",
      args: ["serve", "--store", ".", "--port", "0"],
      says: /--store names \., which is a folder; name a file in it/,
    },
    {
      title: "a file where the store's folder goes",
      args: ["serve", "--store", `${file("file", "x")}/control.db`, "--port", "0"],
      says: /no folder can be made at .*choose another/,
    },
    {
      title: "a page for nobody in particular",
      args: ["serve", "--pages", "all"],
      says: /--pages is "all"; it can be open or admin/,
    },
    {
      title: "a configuration with a slip",
      args: ["serve", "--port", "0", "--config", file("slip.json", '{"sink":[]}')],
      says: /slip\.json: "sink" is not known; did you mean "sinks"\?/,
    },
    {
      title: "a configuration that is not JSON",
      args: ["serve", "--port", "0", "--config", file("not.json", '{\n"sinks": oops}')],
      says: /not\.json:2:10: not JSON: .*; correct it there/,
    },
    {
      title: "an address of another machine",
      args: ["serve", "--port", "0", "--host", "192.0.2.1"],
      says: /192\.0\.2\.1.*choose another with --host/,
    },
    {
      title: "assets into a file",
      args: ["assets", "--all", "--ruleset", file("a.json", ruleset), "--out", file("taken", "x")],
      says: /no folder can be made at .*taken/,
    },
    { title: "no reason", args: ["flag", "kill", "shop.prod", "dark-mode"], says: /--reason is missing/ },
  ])("$title", ({ args, says }) => {
    const { code, stderr, lines } = flagspan(...args);
    expect(stderr).toMatch(says);
    expect(lines).toBe(1);
    expect(code).toBe(2);
  });

  test("not JSON: line and column", () => {
    const { code, stderr, lines } = flagspan(
      "dev",
      file("broken.json", '{\n  "flags": {\n    "a": oops\n  }\n}\n'),
    );
    expect(stderr).toMatch(/broken\.json:3:10: not JSON/);
    expect(lines).toBe(1);
    expect(code).toBe(2);
  });

  test("not a ruleset: the first issues, with what was probably meant", () => {
    const { code, stderr } = flagspan("dev", file("misspelt.json", '{ "flgas": {} }'));
    expect(stderr).toMatch(/did you mean "flags" where it says "flgas"\?/);
    expect(code).toBe(2);
  });

  test("port taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const child = spawn(
      process.execPath,
      [binary, "dev", join(folder, file("free.json", '{"flags":{}}')), "--port", String(port)],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    server.close();
    expect(stderr).toMatch(
      new RegExp(`port ${port} is taken; stop what listens there or choose another with --port`),
    );
    expect(code).toBe(2);
  });

  test("a clone where nothing is built: npm has linked the command all the same", () => {
    const { bin } = JSON.parse(readFileSync(new URL("package.json", home), "utf8")) as {
      bin: { flagspan: string };
    };
    const tracked = spawnSync("git", ["ls-files", "-s", bin.flagspan], { cwd: home, encoding: "utf8" });
    expect(tracked.stdout).toMatch(/^100755 /);
    mkdirSync(join(folder, "bin"));
    copyFileSync(new URL(bin.flagspan, home), join(folder, "bin", "flagspan.mjs"));
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(folder, "bin", "flagspan.mjs"), "dev", "x.json"],
      {
        encoding: "utf8",
      },
    );
    expect(stderr).toBe("flagspan: nothing is built here yet; run `npm run build` first.\n");
    expect(status).toBe(2);
  });

  test("no write permission", () => {
    const closed = mkdtempSync(join(folder, "closed-"));
    chmodSync(closed, 0o500);
    // Root may write anywhere, so the command runs as nobody where the tests run as root.
    const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    chmodSync(folder, 0o755);
    const args = [
      binary,
      "keys",
      "create",
      "--store",
      join(closed, "deep", "control.db"),
      "--name",
      "x",
      "--scopes",
      "sync",
    ];
    const result = spawnSync(process.execPath, args, {
      cwd: "/",
      encoding: "utf8",
      timeout: 20_000,
      ...asNobody,
    });
    expect(result.stderr).toMatch(/no permission for .*choose another place or change its permissions/);
    expect(result.status).toBe(2);
  });
});
