import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { scopeName, scopeVersion } from "./instrumentation-scope.ts";

test("the scope names this package and its version", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as object;
  expect(manifest).toMatchObject({ name: scopeName, version: scopeVersion });
});
