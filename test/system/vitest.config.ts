import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const conditions = ["@flagspan/source"];

/** `npm run test:system`: what needs more than Node and a minute. One file at a time, since they measure each other otherwise. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    name: "test:system",
    include: ["test/system/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/dist/**"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
