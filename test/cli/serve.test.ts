import { execFile, fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "flagspan-serve-"));
const store = join(folder, "control.db");
let server: ChildProcess;
let env: Record<string, string>;

async function flagspan(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [at("packages/cli/dist/bin.js"), ...args], {
    cwd: folder,
    env,
  });
  return stdout;
}

beforeAll(async () => {
  env = { PATH: process.env["PATH"] ?? "" };
  const who = ["keys", "create", "--store", store, "--name", "ada@shop.example", "--actor", "user"];
  const key = (await flagspan(...who, "--scopes", "admin,write,kill")).trim();
  server = fork(at("packages/cli/dist/bin.js"), ["serve", "--store", store, "--port", "0"], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
    env,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("message", (message: { listening: number }) => resolve(message.listening));
    server.once("exit", (code) => reject(new Error(`flagspan serve ended with ${code}`)));
  });
  env = { ...env, FLAGSPAN_URL: `http://127.0.0.1:${port}`, FLAGSPAN_KEY: key };
  const ruleset = JSON.parse(readFileSync(at("examples/shop/flags.json"), "utf8")) as unknown;
  const response = await fetch(`${env["FLAGSPAN_URL"]}/v1/rulesets/shop.prod`, {
    method: "PUT",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ ruleset, reason: "the shop opens" }),
  });
  if (!response.ok) throw new Error(`the import answered ${response.status}: ${await response.text()}`);
});

afterAll(async () => {
  if (server.exitCode === null) {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("flagspan against a running control", () => {
  test("kills a flag, tells who did it and why, and restores it", async () => {
    await flagspan(
      "flag",
      "kill",
      "shop.prod",
      "stock-cache",
      "--variant",
      "off",
      "--reason",
      "shelves disagree",
    );
    expect(JSON.parse(await flagspan("flag", "get", "shop.prod", "stock-cache"))).toMatchObject({
      flag: { defaultVariant: "off" },
    });
    const told = await flagspan("changes", "--set", "shop.prod", "--flag", "stock-cache");
    expect(told).toMatch(/shop\.prod {2}ada@shop\.example killed stock-cache .*shelves disagree/);
    await flagspan("flag", "restore", "shop.prod", "stock-cache", "--reason", "counted again");
    expect(JSON.parse(await flagspan("flag", "get", "shop.prod", "stock-cache"))).toMatchObject({
      flag: { defaultVariant: "on" },
    });
  });

  test("finds the hash chain of the audit log whole", async () => {
    expect(JSON.parse(await flagspan("changes", "--verify"))).toMatchObject({ ok: true });
  });

  test("starts a rollout in one line and shows it", async () => {
    const started = await flagspan(
      "rollout",
      "start",
      "dark-mode",
      "--set",
      "shop.prod",
      "--stages",
      "10%,50%,100%",
      "--hold",
      "15m",
      "--reason",
      "a first tenth",
    );
    expect(started).toContain("dark-mode");
    expect(await flagspan("rollout", "status")).toMatch(/dark-mode/);
    // The guard writes the first stage a moment after the plan was accepted.
    let told = "";
    for (let waited = 0; !told.includes("rollout") && waited < 50; waited += 1)
      told = await flagspan("changes", "--flag", "dark-mode");
    expect(told).toMatch(/rollout of dark-mode .*ada@shop\.example.*a first tenth/);
  });

  test("a second control on the same file says why it will not start", async () => {
    const result = await flagspan("serve", "--store", store, "--port", "0").catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(result).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^flagspan serve: .*(lock|another|in use)/i) as string,
    });
  });
});
