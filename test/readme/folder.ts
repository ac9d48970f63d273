import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A fresh folder from which the packages can be imported as from a user's app; whoever makes it removes it. */
export function createFolder(): string {
  return mkdtempSync(fileURLToPath(new URL(".generated-", import.meta.url)));
}

/** Removes a folder and what is in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A fresh folder that is removed when the test is over. */
export function makeFolder(): string {
  const folder = createFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}
