import { defineConfig } from "vitest/config";

const conditions = ["@flagspan/source"];

/** The evaluator's tests on both forms, for `npm run mutate`: one project, since Stryker runs no more. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["packages/ruleset/src/*.test.ts", "packages/ruleset/src/{evaluate,parse}/**/*.test.ts"],
    env: { FLAGSPAN_EVALUATOR: "compiled" },
    testTimeout: 30_000,
    maxWorkers: 1,
  },
});
