import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { ControlError, openSqliteStore } from "@flagspan/control";
import { afterAll, describe, expect, it } from "vitest";

import { describeStore } from "./suite.ts";
import { tamperSqlite } from "./tamper.ts";

const directory = mkdtempSync(join(tmpdir(), "flagspan-sqlite-"));
let file = 0;
const pathOf = (name: string): string => join(directory, `${name}.db`);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describeStore("the SQLite store", {
  open: (options) => openSqliteStore({ ...options, path: pathOf(`suite-${file}`) }),
  reopens: true,
  tamper: async (seq) => tamperSqlite(pathOf(`suite-${file}`), seq),
  clear: async () => {
    file += 1;
  },
});

describe("a SQLite file", () => {
  it("belongs to one process: the second one exits with the reason", async () => {
    const path = pathOf("locked");
    const store = await openSqliteStore({ path });
    const second = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", openInAnotherProcess(path)],
      { cwd: import.meta.dirname },
    );
    expect(second.stdout).toContain("store-locked");
    expect(second.stdout).toContain("held by another control process");
    await store.close();
  });

  it("can be opened again in the same process once it was closed", async () => {
    const path = pathOf("reopened");
    await (await openSqliteStore({ path })).close();
    const again = await openSqliteStore({ path });
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "store-locked" });
    await again.close();
  });

  it("is refused with the reason where it is not a database", async () => {
    const path = pathOf("garbage");
    writeFileSync(path, "this is not a database, and long enough to have a header of its own ".repeat(20));
    const error = await openSqliteStore({ path }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ControlError);
    expect(error).toMatchObject({ code: "store-corrupt" });
  });
});

function openInAnotherProcess(path: string): string {
  const dist = new URL("../../../packages/control/package.json", import.meta.url);
  return `
    const { openSqliteStore } = await import(new URL("./dist/index.js", ${JSON.stringify(dist.href)}));
    await openSqliteStore({ path: ${JSON.stringify(path)} }).then(
      () => console.log("opened"),
      (error) => console.log(error.code, error.message),
    );`;
}
