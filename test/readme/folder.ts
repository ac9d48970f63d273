import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, onTestFinished } from "vitest";

const make = (): string => mkdtempSync(fileURLToPath(new URL(".generated-", import.meta.url)));
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** A fresh folder from which the packages can be imported as from a user's app; it is removed when the test is over. */
export function makeFolder(): string {
  const folder = make();
  onTestFinished(() => remove(folder));
  return folder;
}

/** The same, removed after all tests of the file or block it is made for. */
export function keepFolder(): string {
  const folder = make();
  afterAll(() => remove(folder));
  return folder;
}
