import { describe, expect, test } from "vitest";
import type { Command, CommandIo } from "./command.ts";
import { UsageError } from "./command.ts";
import { findClosest } from "./closest.ts";
import { runCommandLine } from "./run.ts";

const failing = (error: unknown): Command => ({
  name: "serve",
  summary: "serves",
  usage: "flagspan serve",
  run: async () => {
    throw error;
  },
});

async function run(
  argv: readonly string[],
  known: readonly Command[],
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const io: CommandIo = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    readFile: () => Promise.reject(new Error("no files here")),
    env: {},
    cwd: "/",
    now: () => 0,
    isTTY: false,
    signal: new AbortController().signal,
  };
  const code = await runCommandLine(
    argv,
    Object.fromEntries(known.map((command) => [command.name, async () => command])),
    io,
    "1.2.3",
  );
  return { code, out, err };
}

describe("a command line", () => {
  test.each([
    {
      title: "wrong use says what to do",
      error: new UsageError("name a file."),
      says: "flagspan serve: name a file.\n",
    },
    {
      title: "a taken port names it",
      error: Object.assign(new Error("x"), { code: "EADDRINUSE", port: 4600 }),
      says: /port 4600 is taken/,
    },
    {
      title: "a closed folder says so",
      error: Object.assign(new Error("x"), { code: "EACCES", path: "/data" }),
      says: /no permission for \/data/,
    },
    {
      title: "anything else is told in one line",
      error: new Error("first\nsecond"),
      says: "flagspan serve: first\n",
    },
  ])("$title, with exit code 2", async ({ error, says }) => {
    const { code, err } = await run(["serve"], [failing(error)]);
    expect(err).toMatch(says);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });

  test("without a word lists the commands and is wrong use; with --help it is not", async () => {
    expect(await run([], [failing(null)])).toMatchObject({
      code: 2,
      out: expect.stringContaining("serves") as string,
    });
    expect(await run(["--help"], [failing(null)])).toMatchObject({ code: 0 });
    expect(await run(["serve", "--help"], [failing(null)])).toMatchObject({
      code: 0,
      out: "serves\n\nflagspan serve\n",
    });
    expect(await run(["--version"], [])).toMatchObject({ code: 0, out: "1.2.3\n" });
  });
});

test.each([
  ["serv", "serve"],
  ["chekc", "check"],
  ["rolout", "rollout"],
  ["banana", undefined],
])("%s was probably meant as %s", (typed, meant) => {
  expect(findClosest(typed, ["serve", "check", "rollout", "dev"])).toBe(meant);
});
