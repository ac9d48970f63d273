import { defineConfig } from "vitest/config";

const conditions = ["@flagspan/source"];
const source = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
// Generous, because two cores may be shared: a slow machine must not look like a broken program.
const patience = { testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * `unit` and `unit:compiled` are the same files: every evaluator test runs on the interpreter and on the compiled form.
 * `system` are the files under `test/` that need only Node (and, for `*.browser.test.ts`, the Chromium shipped in a package).
 */
export default defineConfig({
  ...source,
  root: new URL("..", import.meta.url).pathname,
  test: {
    maxWorkers: 2,
    projects: [
      {
        ...source,
        test: {
          ...patience,
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "examples/*/*/**/*.test.ts"],
          exclude: ["**/dist/**", "**/node_modules/**"],
        },
      },
      {
        ...source,
        test: {
          ...patience,
          name: "unit:compiled",
          include: ["packages/ruleset/src/**/*.test.ts"],
          env: { FLAGSPAN_EVALUATOR: "compiled" },
        },
      },
      {
        ...source,
        test: {
          ...patience,
          testTimeout: 120_000,
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/system/**", "test/dist/**", "**/node_modules/**"],
        },
      },
    ],
  },
});
