import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Case, type Exclusion, readJson, type Suite } from "./suite.ts";
import { compatible, compatTables } from "./suites/compat-tables.ts";
import { derivedFlagdGo } from "./suites/derived-flagd-go.ts";
import { flagdSchemas } from "./suites/flagd-schemas.ts";
import { testbedEvaluator, testbedTargeting } from "./suites/flagd-testbed.ts";
import { testbedProviderFile, testbedProviderInProcess } from "./suites/flagd-testbed-provider.ts";
import { jsonLogicJs } from "./suites/json-logic-js.ts";
import { specGherkin } from "./suites/spec-gherkin.ts";

/**
 * `npm run conformance -- <folder>`: plays the public suites found in a folder on both evaluators, one line each,
 * `suite: passed/applicable/total`. Exits with 1 if an applicable case fails, or if more than 3 % of a suite is
 * excluded without a link to who says so.
 */
const suites: readonly Suite[] = [
  testbedEvaluator,
  testbedTargeting,
  compatible,
  compatTables,
  jsonLogicJs,
  flagdSchemas,
  ...derivedFlagdGo,
  specGherkin,
  testbedProviderInProcess,
  testbedProviderFile,
];

const MAX_UNEXPLAINED = 0.03;
const SHOWN_FAILURES = 10;

const folder = process.argv.slice(2).find((arg) => !arg.startsWith("-"));
if (folder === undefined) {
  console.error("usage: npm run conformance -- <folder of suites>");
  process.exit(2);
}

const exclusions = readExclusions();
let isGreen = true;
for (const suite of suites) if (!(await runSuite(suite, resolve(folder)))) isGreen = false;
process.exit(isGreen ? 0 : 1);

/** Every file beside this one holds the exclusions of the suites it names. */
function readExclusions(): ReadonlyMap<string, readonly Exclusion[]> {
  const root = new URL("../../conformance/exclusions/", import.meta.url);
  const found = new Map<string, readonly Exclusion[]>();
  for (const file of readdirSync(root).filter((name) => name.endsWith(".json"))) {
    const content = readJson(new URL(file, root).pathname) as Readonly<Record<string, readonly Exclusion[]>>;
    for (const [suite, entries] of Object.entries(content)) found.set(suite, entries);
  }
  return found;
}

async function runSuite(suite: Suite, root: string): Promise<boolean> {
  const cases = suite.read(root);
  if (cases === undefined) {
    console.log(`${suite.name}: absent`);
    return true;
  }
  const entries = exclusions.get(suite.name) ?? [];
  const reasons = new Map<Exclusion, number>();
  const failures: string[] = [];
  let passed = 0;
  let applicable = 0;
  for (const test of cases) {
    const exclusion = entries.find(
      ({ scenario }) => scenario === test.name || test.groups.includes(scenario),
    );
    if (exclusion !== undefined) {
      reasons.set(exclusion, (reasons.get(exclusion) ?? 0) + 1);
      continue;
    }
    applicable++;
    const failure = await play(test);
    if (failure === undefined) passed++;
    else failures.push(`  FAILED ${test.name}: ${failure}`);
  }
  console.log(`${suite.name}: ${passed}/${applicable}/${cases.length}`);
  for (const line of summarize(reasons)) console.log(line);
  for (const line of failures.slice(0, process.argv.includes("--all") ? failures.length : SHOWN_FAILURES))
    console.log(line);
  const unexplained = [...reasons]
    .filter(([{ link }]) => link === undefined)
    .reduce((sum, [, count]) => sum + count, 0);
  const isTooMuch = unexplained > cases.length * MAX_UNEXPLAINED;
  if (isTooMuch) console.log(`  FAILED: ${unexplained} cases are excluded without a link`);
  return failures.length === 0 && !isTooMuch;
}

/** Both evaluators must pass. */
async function play(test: Case): Promise<string | undefined> {
  const interpreted = await test.check("interpreted");
  if (interpreted !== undefined) return interpreted;
  const compiled = await test.check("compiled");
  return compiled === undefined ? undefined : `compiled: ${compiled}`;
}

function summarize(reasons: ReadonlyMap<Exclusion, number>): readonly string[] {
  const counts = new Map<string, number>();
  for (const [{ reason, link }, count] of reasons) {
    const text = link === undefined ? reason : `${reason} (${link})`;
    counts.set(text, (counts.get(text) ?? 0) + count);
  }
  return [...counts].map(([text, count]) => `  excluded ${count}: ${text}`);
}
