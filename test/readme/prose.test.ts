import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listMarkdown, readMarkdown, root } from "./blocks.ts";
import { flagspan } from "./house.ts";

/** The code spans of the prose, outside of blocks, with their file. */
const spans = listMarkdown().flatMap((file) => {
  const prose = readMarkdown(file).replaceAll(/^\s*(`{3,}|~{3,})[\s\S]*?^\s*\1\s*$/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => ({ file, code }));
});

test("npm scripts that the prose names exist", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const named = spans.flatMap(({ file, code }) =>
    [...code.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => ({
      file,
      script: run ?? short ?? "",
    })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test("commands and options of flagspan that the prose names are in its help", async () => {
  const helps = new Map<string, Promise<string>>();
  const helpOf = (command: string): Promise<string> => {
    const known = helps.get(command) ?? flagspan(root, [command, "--help"]).then(({ stdout }) => stdout);
    helps.set(command, known);
    return known;
  };
  const unknown: string[] = [];
  let named = 0;
  for (const { file, code } of spans) {
    const command = /^(?:npx )?flagspan ([a-z][a-z-]*)/.exec(code)?.[1];
    if (command === undefined) continue;
    named += 1;
    const help = await helpOf(command);
    const options = [...code.matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option);
    for (const word of [`flagspan ${command}`, ...options])
      if (!help.includes(word) && word !== "--help") unknown.push(`${file}: ${code}: ${word}`);
  }
  expect(named).toBeGreaterThanOrEqual(3);
  expect(unknown).toEqual([]);
});

test("files that the Markdown links to exist", () => {
  const broken = listMarkdown().flatMap((file) =>
    [...readMarkdown(file).matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)[^)]*\)/g)].flatMap(
      ([, target = ""]) => {
        const path = join(root, file, "..", target);
        try {
          readFileSync(path);
          return [];
        } catch (error) {
          return (error as { code: string }).code === "EISDIR" ? [] : [`${file}: ${target}`];
        }
      },
    ),
  );
  expect(broken).toEqual([]);
});
