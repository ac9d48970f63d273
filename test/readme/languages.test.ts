import { expect, test } from "vitest";
import { findCodeBlocks, listBlocks, listMarkdown } from "./blocks.ts";

/** Who holds the blocks of a language to what they say. A block in any other language has nobody, and fails. */
const readers: Readonly<Record<string, string>> = {
  ts: "types.test.ts, run-typescript.test.ts, run-page.browser.test.ts",
  sh: "commands.test.ts",
  json: "data.test.ts",
  yaml: "data.test.ts",
  text: "data.test.ts",
};

test("every block of every Markdown file is in a language that a test reads", () => {
  const orphans = listBlocks().filter(({ language }) => !Object.hasOwn(readers, language));
  expect(orphans.map(({ file, line, language }) => `${file}:${line} is "${language}"`)).toEqual([]);
});

test("the blocks are found, in all the places where there are some", () => {
  expect(listMarkdown()).toEqual(
    expect.arrayContaining(["README.md", ".github/CONTRIBUTING.md", "packages/guard/README.md"]),
  );
  const least = Object.entries({ ts: 20, sh: 6, json: 1, yaml: 2 });
  expect(least.filter(([language, count]) => listBlocks(language).length < count)).toEqual([]);
});

test("a fence with tildes, with four ticks, indented, or never closed is a block, too", () => {
  const text = [
    "# One",
    "~~~sh",
    "a",
    "~~~",
    "````md",
    "```ts",
    "````",
    "  ```ts",
    "b",
    "  ```",
    "```ts",
    "c",
  ];
  expect(
    findCodeBlocks("x.md", text.join("\n")).map(({ name, language, code }) => [name, language, code]),
  ).toEqual([
    ["x.md#One", "sh", "a"],
    ["x.md#One", "md", "```ts"],
    ["x.md#One", "ts", "b"],
    ["x.md#One (2)", "ts", "c"],
  ]);
});
