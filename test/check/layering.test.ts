import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const written: string[] = [];

afterEach(() => {
  for (const file of written.splice(0)) rmSync(file, { force: true });
});

/** What the linter says of one more file in a package. */
function lint(folder: string, source: string): { readonly status: number | null; readonly output: string } {
  const file = join(root, folder, `against-the-arrows-${process.pid}.ts`);
  written.push(file);
  writeFileSync(file, source);
  const result = spawnSync(join(root, "node_modules/.bin/oxlint"), [file], { cwd: root, encoding: "utf8" });
  return { status: result.status, output: result.stdout + result.stderr };
}

describe("the layering of .github/ARCHITECTURE.md", () => {
  test.each([
    ["packages/ruleset/src", "@flagspan/provider/server"],
    ["packages/ruleset/src", "node:fs"],
    ["packages/ruleset/src", "@openfeature/server-sdk"],
    ["packages/telemetry/src", "@flagspan/ruleset"],
    ["packages/provider/src", "@flagspan/telemetry"],
    ["packages/bridge/src", "@flagspan/control"],
    ["packages/control/src", "@flagspan/bridge"],
    ["packages/control/src", "@flagspan/guard"],
    ["packages/guard/src", "@flagspan/control"],
    ["packages/guard/src", "flagspan"],
    ["packages/control/src", "../../guard/src/index.ts"],
    ["examples/shop/services", "../../../packages/provider/src/server/index.ts"],
  ])("refuses %s importing %s", (folder, specifier) => {
    const { status, output } = lint(
      folder,
      `import * as other from "${specifier}";\nexport const use: unknown = other;\n`,
    );
    expect(output).toContain("no-restricted-imports");
    expect(status).not.toBe(0);
  });

  test.each([
    ["packages/control/src", "@flagspan/ruleset"],
    ["packages/cli/src", "@flagspan/guard"],
    ["examples/shop/services", "@flagspan/telemetry"],
  ])("lets %s import %s", (folder, specifier) => {
    const { output } = lint(
      folder,
      `import * as other from "${specifier}";\nexport const use: unknown = other;\n`,
    );
    expect(output).not.toContain("no-restricted-imports");
  });
});
