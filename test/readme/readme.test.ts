import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseYaml } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findCodeBlocks, type CodeBlock } from "./blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const generated = fileURLToPath(new URL(`.generated-${process.pid}/`, import.meta.url));

const listed = spawnSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", "**/*.md"],
  { cwd: root, encoding: "utf8" },
);
const files = listed.stdout.split("\n").filter((file) => file !== "");
const blocks = files.flatMap((file) => findCodeBlocks(file, readFileSync(join(root, file), "utf8")));
const inLanguage = (...languages: readonly string[]): readonly CodeBlock[] =>
  blocks.filter((block) => languages.includes(block.language));
const name = (block: CodeBlock): string => `${block.file}:${block.line}`;

beforeAll(() => mkdirSync(generated, { recursive: true }));
afterAll(() => rmSync(generated, { recursive: true, force: true }));

describe("what the READMEs show", () => {
  test("is found at all", () => {
    expect(files).toContain("README.md");
    expect(inLanguage("ts", "typescript").length).toBeGreaterThan(3);
    expect(inLanguage("sh").length).toBeGreaterThan(1);
  });

  test("type-checks, every TypeScript block of every Markdown file", () => {
    const sources = inLanguage("ts", "typescript", "tsx");
    for (const block of sources) {
      const file = `${name(block).replaceAll(/[^a-z0-9]+/gi, "-")}.${block.language === "tsx" ? "tsx" : "ts"}`;
      writeFileSync(join(generated, file), `${block.code}\nexport {};\n`);
    }
    writeFileSync(
      join(generated, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          target: "es2022",
          module: "nodenext",
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          jsx: "react-jsx",
          lib: ["es2023", "dom", "dom.iterable"],
          types: ["node"],
        },
        include: ["*.ts", "*.tsx"],
      }),
    );
    const result = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", generated], { encoding: "utf8" });
    expect(result.stdout).toBe("");
    expect(result.status).toBe(0);
  }, 120_000);

  test.each(inLanguage("json").map((block) => [name(block), block.code]))(
    "parses as JSON: %s",
    (_name, code) => {
      expect(() => JSON.parse(code) as unknown).not.toThrow();
    },
  );

  test.each(inLanguage("yaml", "yml").map((block) => [name(block), block.code]))(
    "parses as YAML: %s",
    (_name, code) => {
      expect(() => parseYaml(code) as unknown).not.toThrow();
    },
  );

  test("names only npm scripts and flagspan commands that exist", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const help = spawnSync(process.execPath, [join(root, "packages/cli/dist/bin.js"), "--help"], {
      encoding: "utf8",
    }).stdout;
    const unknown: string[] = [];
    for (const block of inLanguage("sh", "bash", "console")) {
      for (const [, script] of block.code.matchAll(/npm run ([\w:-]+)/g))
        if (!((script ?? "") in manifest.scripts)) unknown.push(`${name(block)}: npm run ${script}`);
      for (const [, command] of block.code.matchAll(/(?:^|npx |\$ )flagspan ([a-z]+)/gm))
        if (!help.includes(`  ${command} `)) unknown.push(`${name(block)}: flagspan ${command}`);
    }
    expect(unknown).toEqual([]);
  });
});
