import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { watchRulesetFile } from "@flagspan/control";
import type { RulesetFileEdit, RulesetFileWatch } from "@flagspan/control";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startControl } from "./start.ts";
import type { TestControl } from "./start.ts";

const flag = (defaultVariant: string): object => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant,
});

describe("a ruleset file as the truth", () => {
  let directory: string;
  let path: string;
  let control: TestControl;
  let watching: RulesetFileWatch | undefined;
  let edits: RulesetFileEdit[];

  const write = (flags: object, more: object = {}): void => {
    writeFileSync(`${path}.tmp`, JSON.stringify({ flags, ...more }));
    renameSync(`${path}.tmp`, path);
  };
  const follow = async (): Promise<void> => {
    watching = await watchRulesetFile(control.control, {
      path,
      set: "file",
      onEdit: (edit) => edits.push(edit),
    });
  };
  const flags = async (): Promise<Record<string, { defaultVariant: string }>> =>
    (
      (await (await control.ask("GET", "/v1/flags/file")).json()) as {
        flags: Record<string, { defaultVariant: string }>;
      }
    ).flags;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "flagspan-file-"));
    path = join(directory, "flags.json");
    edits = [];
    control = await startControl();
  });
  afterEach(async () => {
    await watching?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("is in force from the start, and each edit becomes changes without anybody asking", async () => {
    write({ a: flag("on"), b: flag("on") });
    await follow();
    expect(await flags()).toMatchObject({ a: { defaultVariant: "on" } });
    write({ a: flag("off"), b: flag("on") });
    await expect.poll(async () => (await flags())["a"]?.defaultVariant).toBe("off");
    await expect.poll(() => edits.at(-1)).toEqual({ ok: true, revision: 2, changed: ["a"] });
  });

  it("keeps what is served when an edit is broken, and says where", async () => {
    write({ a: flag("on") });
    await follow();
    writeFileSync(path, '{"flags": {\n  "a": {]\n}');
    const edit = await watching?.check();
    expect(edit).toMatchObject({ ok: false, problem: expect.stringMatching(/flags\.json:\d+:\d+: /) });
    expect(await flags()).toMatchObject({ a: { defaultVariant: "on" } });
  });

  it("changes what the edit changed and leaves the rest, a kill above all", async () => {
    write({ a: flag("on"), b: flag("on") });
    await follow();
    await control.ask("POST", "/v1/flags/file/a/kill", { body: { reason: "incident" } });
    await control.ask("PATCH", "/v1/flags/file/b", {
      body: { flag: { state: "DISABLED" }, reason: "by hand" },
    });
    write({ a: { ...flag("on"), metadata: { owner: "x" } }, b: flag("on"), c: flag("on") });
    await watching?.check();
    expect(await flags()).toMatchObject({ a: { defaultVariant: "off" }, b: { state: "DISABLED" }, c: {} });
  });

  it("takes new segments with everything that uses them", async () => {
    write({ a: flag("on") });
    await follow();
    const targeting = { if: [{ $ref: "inside" }, "off", null] };
    write(
      { a: { ...flag("on"), targeting } },
      { $evaluators: { inside: { "==": [{ var: "inside" }, true] } } },
    );
    expect(await watching?.check()).toEqual({ ok: true, revision: 2, changed: ["a"] });
  });

  it("names the commit's author and subject, and whoever is here for edits not committed", async () => {
    const git = (...args: string[]): void => {
      const identity = [
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.org",
        "-c",
        "commit.gpgsign=false",
      ];
      execFileSync("git", [...identity, ...args], { cwd: directory, stdio: "ignore" });
    };
    git("init", "-q");
    write({ a: flag("on") });
    git("add", ".");
    git("commit", "-qm", "Introduce a");
    await follow();
    write({ a: flag("off") });
    await watching?.check();
    const entries = await control.store.audit.list({ set: "file", limit: 10 });
    expect(
      entries.map(({ change }) => [change.source, change.actor.id, change.reason?.replace(/\(.*/, "")]),
    ).toEqual([
      ["git", "Ada <ada@example.org>", "Introduce a "],
      ["flagspan", expect.any(String), "edited flags.json"],
    ]);
  });
});
