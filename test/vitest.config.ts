import { defineConfig } from "vitest/config";

const conditions = ["@flagspan/source"];
const source = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } };

/**
 * `unit` and `unit:compiled` are the same files: every evaluator test runs on the interpreter and on the compiled form.
 * `system` are the files under `test/` that need only Node (and, for `*.browser.test.ts`, the Chromium shipped in a package).
 */
export default defineConfig({
  ...source,
  root: new URL("..", import.meta.url).pathname,
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    projects: [
      {
        ...source,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "examples/*/*/**/*.test.ts"],
          exclude: ["**/dist/**", "**/node_modules/**"],
        },
      },
      {
        ...source,
        test: {
          name: "unit:compiled",
          include: ["packages/ruleset/src/**/*.test.ts"],
          env: { FLAGSPAN_EVALUATOR: "compiled" },
        },
      },
      {
        ...source,
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/system/**", "test/dist/**", "**/node_modules/**"],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
