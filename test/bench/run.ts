import { existsSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Bench, BenchRow } from "./measure.ts";

/**
 * `npm run bench -- [name…] [--json] [--smoke]`: runs the benchmarks found as folders beside this file, prints both sides
 * of each row, and exits with 1 if a goal is missed (in a smoke run only if a benchmark does not work).
 */
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, smoke: { type: "boolean", default: false } },
});

const here = new URL(".", import.meta.url);
const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/index.js`, here)))
  .map((entry) => entry.name)
  .sort();
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(", ")}; there are: ${names.join(", ")}`);
  process.exit(2);
}

let missed = 0;
for (const name of positionals.length > 0 ? positionals : names) {
  const bench = (await import(new URL(`${name}/index.js`, here).href)) as Bench;
  for await (const row of rowsOf(bench)) {
    if (!row.ok) missed++;
    console.log(flags.json ? JSON.stringify(row) : describe(row));
  }
}
process.exit(missed > 0 && !flags.smoke ? 1 : 0);

async function* rowsOf(bench: Bench): AsyncIterable<BenchRow> {
  const rows = bench.run({ smoke: flags.smoke });
  if (Symbol.asyncIterator in rows) yield* rows;
  else yield* await rows;
}

function describe(row: BenchRow): string {
  const figure = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const verdict = flags.smoke ? "smoke" : row.ok ? "ok" : "MISSED";
  return [
    `${row.bench} / ${row.case}`.padEnd(44),
    `ours ${figure(row.ours)} ${row.unit}`.padEnd(24),
    `${row.peerName} ${figure(row.peer)} ${row.unit}`.padEnd(40),
    `ratio ${row.ratio.toFixed(3)} [${row.lower.toFixed(3)}, ${row.upper.toFixed(3)}]`.padEnd(34),
    `goal ${row.direction} ${row.goal}`.padEnd(20),
    verdict,
  ].join(" ");
}
