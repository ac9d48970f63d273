import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listBlocks, root } from "./blocks.ts";
import { lineUses } from "./command-lines.ts";
import { createFolder, removeFolder } from "./folder.ts";
import { playLine } from "./play-line.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** The lines of the `sh` blocks of a file, in order, without comments. */
const blocks = listBlocks("sh");
const files = [...new Set(blocks.map(({ file }) => file))];
const linesOf = (file: string): readonly string[] =>
  blocks
    .filter((block) => block.file === file)
    .flatMap(({ code }) => code.split("\n"))
    .map((line) => line.replace(/(?:^|\s+)#\s.*$/, "").trim())
    .filter((line) => line !== "");

/** What a reader has at hand: a ruleset, the one in force, a policy, users, an app, and a plan with a gate. */
function supply(folder: string): void {
  const text = readFileSync(join(root, "examples/shop/flags.json"), "utf8");
  writeFileSync(join(folder, "flags.json"), text);
  const deployed = JSON.parse(text) as { flags: { "stock-cache": { defaultVariant: string } } };
  deployed.flags["stock-cache"].defaultVariant = "off";
  writeFileSync(join(folder, "deployed.json"), JSON.stringify(deployed));
  copyFileSync(join(root, "packages/cli/policy.example.yaml"), join(folder, "policy.yaml"));
  writeFileSync(join(folder, "users.jsonl"), '{"targetingKey":"ada"}\n{"targetingKey":"bob"}\n');
  writeFileSync(
    join(folder, "approval.yaml"),
    "flag: dark-mode\nset: shop.prod\nonNoData: alert\nstages:\n  - percent: 10\n    hold: { min: 0s, approval: required }\n  - percent: 100\n",
  );
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  copyFileSync(new URL("app.mjs", import.meta.url), join(folder, "app.js"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

describe.each(files)("what %s tells one to type", (file) => {
  let terminal: Terminal;
  beforeAll(async () => {
    terminal = openTerminal(createFolder());
    supply(terminal.folder);
    // Where a text begins at a running control, there is one.
    const lines = linesOf(file);
    if (!lines.some((line) => line.startsWith("flagspan rollout "))) return;
    if (lines.some((line) => line.includes("flagspan serve"))) return;
    for (const line of linesOf("packages/cli/README.md").filter((one) =>
      /keys create|serve$|flag import/.test(one),
    ))
      if ((await playLine(terminal, line)).length > 0) throw new Error(`there is no control: ${line}`);
  });
  afterAll(async () => {
    await terminal.close();
    removeFolder(terminal.folder);
  });

  test.each(linesOf(file).map((line) => [line]))("%s", async (line) => {
    expect(await playLine(terminal, line)).toEqual([]);
  });
});

test("the table names only lines that there are", () => {
  const all = new Set(files.flatMap(linesOf));
  expect(Object.keys(lineUses).filter((line) => !all.has(line))).toEqual([]);
});
