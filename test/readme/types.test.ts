import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listBlocks, root } from "./blocks.ts";
import { makeFolder } from "./folder.ts";

test("every TypeScript block of every Markdown file type-checks", () => {
  const folder = makeFolder();
  for (const { name, code } of listBlocks("ts"))
    writeFileSync(join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.ts`), `${code}\nexport {};\n`);
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ["es2023", "dom", "dom.iterable"],
    types: ["node"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const result = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
  expect(result.stdout).toBe("");
  expect(result.status).toBe(0);
}, 120_000);
