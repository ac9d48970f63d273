// `npm run check`: everything that reads the code without running it, each step named, all steps run, one verdict.
import { spawnSync } from "node:child_process";

const packages = ["ruleset", "provider", "telemetry", "bridge", "control", "guard", "cli"];
const steps = [
  { title: "format", command: "oxfmt", args: ["--check"] },
  { title: "types", command: "tsc", args: ["-b"] },
  { title: "lint and layering", command: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  { title: "dead code", command: "knip", args: ["--no-progress", "--treat-config-hints-as-errors"] },
  ...packages.map((name) => ({
    title: `package ${name}`,
    command: "publint",
    args: ["--strict", "--level", "warning", `packages/${name}`],
  })),
  ...packages.map((name) => ({
    title: `types of package ${name}`,
    command: "attw",
    args: ["--pack", `packages/${name}`, "--profile", "esm-only", "--no-emoji"],
  })),
];

let failed = 0;
/** @type {(ms: number) => string} */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

for (const { title, command, args } of steps) {
  const started = performance.now();
  const result = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
  const ok = result.status === 0;
  if (!ok) failed += 1;
  console.log(`${ok ? "ok    " : "FAILED"} ${title} (${seconds(performance.now() - started)})`);
  if (!ok)
    console.log(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error ? String(result.error) : ""}`);
}
console.log(`check: ${steps.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
