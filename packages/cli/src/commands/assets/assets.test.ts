import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assetsCommand } from "./index.ts";

test("assets are written for a named flag, and a misspelt one is asked about", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "flagspan-assets-"));
  const definition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
  let printed = "";
  const io = {
    stdout: (text: string): void => {
      printed += text;
    },
    stderr: () => undefined,
    readFile: () => Promise.resolve(JSON.stringify({ flags: { "dark-mode": definition } })),
    env: {},
    cwd,
    now: () => 0,
    isTTY: false,
    signal: new AbortController().signal,
  };
  const named = ["dark-mode", "--ruleset", "flags.json", "--set", "shop.prod", "--out", "o"];
  expect(await assetsCommand.run(named, io)).toBe(0);
  expect(printed.trim().split("\n")).toEqual([
    "o/grafana/dark-mode.dashboard.json",
    "o/prometheus/dark-mode.rules.yaml",
    "o/datadog/dark-mode.monitor.json",
    "o/runbooks/dark-mode.md",
  ]);
  expect(await readFile(join(cwd, "o/runbooks/dark-mode.md"), "utf8")).toContain(
    "flag kill shop.prod dark-mode",
  );
  await expect(assetsCommand.run(["dark-mod", "--ruleset", "flags.json"], io)).rejects.toThrow(
    'did you mean "dark-mode"?',
  );
  await rm(cwd, { recursive: true });
});
