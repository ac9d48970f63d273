// `npm run check`: everything that reads the code without running it, each step named, all steps run, one verdict.
import { spawnSync } from "node:child_process";

const packages = ["ruleset", "provider", "telemetry", "bridge", "control", "guard", "cli"];
const steps = [
  ["format", "oxfmt", ["--check"]],
  ["types", "tsc", ["-b"]],
  ["lint and layering", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["dead code", "knip", ["--no-progress", "--treat-config-hints-as-errors"]],
  ...packages.map((name) => [
    `package ${name}`,
    "publint",
    ["--strict", "--level", "warning", `packages/${name}`],
  ]),
];

let failed = 0;
for (const [title, command, args] of steps) {
  const started = performance.now();
  const result = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
  const ok = result.status === 0;
  if (!ok) failed += 1;
  console.log(
    `${ok ? "ok    " : "FAILED"} ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (!ok)
    console.log(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error ? String(result.error) : ""}`);
}
console.log(`check: ${steps.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
