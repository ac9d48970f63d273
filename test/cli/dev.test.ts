import { fork, type ChildProcess } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const suite = at("../shared/conformance/flagd-testbed/flags");
// The public rulesets are not ours to keep; where they lie beside the project, each of them is tried.
const files = [
  at("examples/shop/flags.json"),
  ...(existsSync(suite) ? readdirSync(suite).map((name) => join(suite, name)) : []),
];

const running: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** `flagspan dev` on a copy of a file, up and listening. */
async function dev(original: string): Promise<{ url: string; file: string; printed: () => string }> {
  const folder = mkdtempSync(join(tmpdir(), "flagspan-dev-"));
  folders.push(folder);
  const file = join(folder, basename(original));
  copyFileSync(original, file);
  const child = fork(at("packages/cli/dist/bin.js"), ["dev", file, "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
  });
  running.push(child);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message: { listening: number }) => resolve(message.listening));
    child.once("exit", (code) => reject(new Error(`flagspan dev ended with ${code}: ${text}`)));
  });
  return { url: `http://127.0.0.1:${port}`, file, printed: () => text };
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds() && waited < 10_000; waited += 25)
    await new Promise((resolve) => setTimeout(resolve, 25));
  expect(holds()).toBe(true);
}

describe("flagspan dev", () => {
  test.each(files.map((file) => [basename(file), file]))(
    "serves %s on one port: page, OFREP, OTLP, OpenAPI",
    async (_name, file) => {
      const { url } = await dev(file);
      const ruleset = JSON.parse(readFileSync(file, "utf8")) as { flags: Record<string, unknown> };
      const page = await fetch(`${url}/`);
      expect(page.status).toBe(200);
      const html = await page.text();
      for (const key of Object.keys(ruleset.flags)) expect(html).toContain(key);
      const bulk = await fetch(`${url}/ofrep/v1/evaluate/flags`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ context: { targetingKey: "ada" } }),
      });
      expect(bulk.status).toBe(200);
      expect(((await bulk.json()) as { flags: unknown[] }).flags).toHaveLength(
        Object.keys(ruleset.flags).length,
      );
      const logs = await fetch(`${url}/v1/logs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"resourceLogs":[]}',
      });
      expect(logs.status).toBe(200);
      expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
    },
  );

  test("shows an edit as a change at once, and keeps the last good ruleset through a broken one", async () => {
    const { url, file, printed } = await dev(at("examples/shop/flags.json"));
    const answer = async (): Promise<unknown> => {
      const response = await fetch(`${url}/ofrep/v1/evaluate/flags/stock-cache`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ context: { targetingKey: "ada" } }),
      });
      return ((await response.json()) as { variant?: unknown }).variant;
    };
    expect(await answer()).toBe("on");
    const ruleset = JSON.parse(readFileSync(file, "utf8")) as {
      flags: { "stock-cache": { defaultVariant: string } };
    };
    ruleset.flags["stock-cache"].defaultVariant = "off";
    writeFileSync(file, JSON.stringify(ruleset));
    await until(() => /changed .*stock-cache/.test(printed()));
    expect(await answer()).toBe("off");
    writeFileSync(file, "{ broken");
    await until(() => /kept the last good ruleset/.test(printed()));
    expect(await answer()).toBe("off");
  });
});
