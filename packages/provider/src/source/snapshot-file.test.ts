import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSnapshotFile } from "./snapshot-file.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "flagspan-snapshot-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const text = (revision: number): string => `{"flags":{},"metadata":{"version":"${revision}"}}`;

test("what was written is read, ETag included, by the same source only", async () => {
  await createSnapshotFile(directory, "one").write({ text: text(1), etag: '"e"' });
  expect(await createSnapshotFile(directory, "one").read()).toEqual({ text: text(1), etag: '"e"' });
  expect(await createSnapshotFile(directory, "two").read()).toBeUndefined();
});

test("the generation before is kept", async () => {
  const file = createSnapshotFile(directory, "one");
  await file.write({ text: text(1) });
  await file.write({ text: text(2) });
  const names = (await readdir(directory)).sort();
  expect(names).toHaveLength(2);
  expect(await readFile(join(directory, names[1] ?? ""), "utf8")).toContain(text(1));
});

test("I10: cut at any byte or with any byte changed, the last whole generation is read, and never anything else", async () => {
  const file = createSnapshotFile(directory, "one");
  await file.write({ text: text(1) });
  await file.write({ text: text(2) });
  const name = (await readdir(directory)).find((entry) => entry.endsWith(".ruleset")) ?? "";
  const path = join(directory, name);
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at++) {
    await writeFile(path, whole.subarray(0, at));
    expect((await file.read())?.text).toBe(text(1));
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    await writeFile(path, damaged);
    expect([text(1), text(2)]).toContain((await file.read())?.text);
  }
});

test("a damaged present generation does not push out the good one before it", async () => {
  const file = createSnapshotFile(directory, "one");
  await file.write({ text: text(1) });
  await file.write({ text: text(2) });
  const [current, previous] = (await readdir(directory)).sort().map((name) => join(directory, name));
  await writeFile(current ?? "", "torn");
  await file.write({ text: text(3) });
  await writeFile(current ?? "", "torn again");
  expect((await file.read())?.text).toBe(text(1));
  expect(previous).toContain("previous");
});

test("many writers of one directory never leave a torn generation, and all of them succeed", async () => {
  const files = Array.from({ length: 20 }, () => createSnapshotFile(directory, "one"));
  const texts = files.map((_file, index) => text(index) + " ".repeat(index * 5000));
  const written = await Promise.allSettled(
    files.map((file, index) => file.write({ text: texts[index] ?? "" })),
  );
  expect(written.filter(({ status }) => status === "rejected")).toEqual([]);
  for (const name of await readdir(directory)) {
    const content = await readFile(join(directory, name), "utf8");
    expect(texts).toContain(content.slice(content.indexOf("\n") + 1));
  }
  expect(texts).toContain((await files[0]?.read())?.text);
});

test("what a crash left behind is removed, what another is writing is not", async () => {
  const file = createSnapshotFile(directory, "one");
  await file.write({ text: text(1) });
  const [current = ""] = await readdir(directory);
  const [old, young] = [join(directory, `${current}.1.tmp`), join(directory, `${current}.2.tmp`)];
  await writeFile(old, "torn");
  await writeFile(young, "being written");
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(old, anHourAgo, anHourAgo);
  await createSnapshotFile(directory, "one").write({ text: text(2) });
  expect((await readdir(directory)).sort()).toEqual([current, `${current}.2.tmp`, `${current}.previous`]);
});

test("a directory that cannot be made rejects and leaves nothing", async () => {
  const blocked = join(directory, "file");
  await writeFile(blocked, "");
  await expect(createSnapshotFile(join(blocked, "below"), "one").write({ text: text(1) })).rejects.toThrow(
    "ENOTDIR",
  );
  expect(await createSnapshotFile(join(blocked, "below"), "one").read()).toBeUndefined();
});
