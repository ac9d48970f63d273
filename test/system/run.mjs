// `npm run test:system [-- folder]`: runs the tests under test/system, all of them or those whose path holds a word.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const config = fileURLToPath(new URL("vitest.config.ts", import.meta.url));
const run = spawnSync("npx", ["vitest", "run", "--config", config, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
