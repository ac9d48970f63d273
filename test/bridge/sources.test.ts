import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGitChanges, watchOpenFeature } from "@flagspan/bridge";
import type { FlagChange } from "@flagspan/ruleset/change";
import { InMemoryProvider, OpenFeature } from "@openfeature/server-sdk";
import { afterAll, expect, test } from "vitest";

const repository = mkdtempSync(join(tmpdir(), "flagspan-git-"));
afterAll(() => rmSync(repository, { recursive: true, force: true }));

const git = (...args: readonly string[]): string =>
  execFileSync(
    "git",
    ["-C", repository, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args],
    { encoding: "utf8" },
  );

function commit(text: string, subject: string): string {
  writeFileSync(join(repository, "flags.json"), text);
  git("add", "flags.json");
  git("commit", "-qm", subject);
  return git("rev-parse", "HEAD").trim();
}

const flag = (state: string, defaultVariant: string): string =>
  JSON.stringify({ flags: { "dark-mode": { state, variants: { on: true, off: false }, defaultVariant } } });

test("a commit becomes changes with its author, subject and link; a broken ruleset changes nothing", async () => {
  git("init", "-q");
  const first = commit('{"flags":{}}', "begin");
  const options = {
    repository,
    path: "flags.json",
    flagSetId: "shop.prod",
    commitUrl: "https://git.example/c/{commit}",
  };
  expect(await readGitChanges(options)).toEqual({ changes: [], commit: first, unreadable: [] });
  const created = commit(flag("ENABLED", "off"), "add dark mode");
  const broken = commit("{", "oops");
  const disabled = commit(flag("DISABLED", "off"), "checkout fails");

  const reading = await readGitChanges(options, first);
  expect(reading).toMatchObject({ commit: disabled, unreadable: [broken] });
  expect(reading.changes).toMatchObject([
    {
      id: `git:${created}:shop.prod:dark-mode`,
      action: "created",
      actor: { id: "ada@example.com", type: "user" },
      reason: "add dark mode",
      url: `https://git.example/c/${created}`,
    },
    {
      id: `git:${disabled}:shop.prod:dark-mode`,
      action: "disabled",
      reason: "checkout fails",
      source: "git",
    },
  ]);
  expect((await readGitChanges(options, disabled)).changes).toEqual([]);
  await expect(readGitChanges(options, "--output=/tmp/x")).rejects.toThrow("full commit hash");
  await expect(readGitChanges({ ...options, ref: "--all" }, first)).rejects.toThrow();
});

test("a provider's configuration change is told once for each flag, by any OpenFeature provider", async () => {
  const variants = { on: true, off: false };
  const provider = new InMemoryProvider({
    "dark-mode": { disabled: false, variants, defaultVariant: "off" },
  });
  await OpenFeature.setProviderAndWait("bridge-source", provider);
  const seen: FlagChange[] = [];
  const stop = watchOpenFeature({
    events: OpenFeature.getClient("bridge-source"),
    flagSetId: "shop.prod",
    onChanges: (changes) => seen.push(...changes),
    clock: { now: () => Date.parse("2026-01-31T12:00:00Z") },
  });
  const defaultVariant = "on";
  provider.putConfiguration({ "dark-mode": { disabled: false, variants, defaultVariant } });
  stop();
  provider.putConfiguration({ "dark-mode": { disabled: true, variants, defaultVariant } });
  await OpenFeature.close();
  expect(seen).toMatchObject([
    {
      source: "openfeature",
      flagKey: "dark-mode",
      flagSetId: "shop.prod",
      action: "updated",
      actor: { type: "system" },
      occurredAt: "2026-01-31T12:00:00.000Z",
    },
  ]);
});
