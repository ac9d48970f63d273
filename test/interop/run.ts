import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Finding } from "./ask.ts";
import { startCollector, startStores } from "./backends.ts";
import { buildAll, type Built } from "./build.ts";
import { findPorts, Processes } from "./processes.ts";
import { askConfigurations } from "./questions/configurations.ts";
import { askLogs } from "./questions/logs.ts";
import { askMetrics } from "./questions/metrics.ts";
import { askOutcomes, askStory } from "./questions/outcomes.ts";
import { askPanels } from "./questions/panels.ts";
import { askTraces } from "./questions/traces.ts";
import { askFlagd } from "./flagd/questions.ts";
import { failToSync } from "./silent-provider.ts";
import { createTelemetryKey, playStory } from "./story.ts";
import { startTap } from "./tap.ts";

/**
 * `npm run interop`: builds the collector from our manifest, Prometheus, Loki and Jaeger, plays the shop's incident through our collector
 * configuration, and asks the stores for what the shop has sent; then syncs flagd's own provider from control. `--build-only` stops after
 * the build; a folder of public suites (flagd's test rulesets are among them) can be named, and is else looked for beside the repository.
 */
const began = Date.now();
const named = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const conformance = resolve(named ?? "../shared/conformance");
const built = await buildAll();
if (built === undefined || process.argv.includes("--build-only")) process.exit(0);

const folder = await mkdtemp(join(tmpdir(), "flagspan-interop-"));
const processes = new Processes(folder);
process.once("SIGINT", () => {
  processes.stop();
  process.exit(130);
});
let findings: readonly Finding[];
try {
  findings = await main(built);
} finally {
  processes.stop();
}
await rm(folder, { recursive: true, force: true });
const right = findings.filter(({ ok }) => ok).length;
console.log(`${right} of ${findings.length} answers are right, after ${seconds()} s`);
process.exit(right === findings.length ? 0 : 1);

async function main(programs: Built): Promise<readonly Finding[]> {
  const store = join(folder, "control.db");
  const controlKey = await createTelemetryKey(store);
  const [controlPort = 0] = await findPorts(1);
  const stores = await startStores(programs, processes, folder);
  const toControl = await startTap(`http://127.0.0.1:${controlPort}`);
  const collector = await startCollector(programs, processes, folder, {
    stores,
    control: toControl.url,
    controlKey,
  });
  const toCollector = await startTap(collector);
  console.log(`all are up after ${seconds()} s; the shop's incident begins`);
  const summary = await playStory({ collectorUrl: toCollector.url, controlPort, store, folder });
  await failToSync(toCollector.url);
  const sent = toCollector.copy;
  console.log(
    `the shop sent ${sent.spans.length} spans, ${sent.logs.length} log records and ${sent.points.length} metric points; the guard, told by the collector, killed ${summary.blamed ?? "nothing"}`,
  );
  for (const problem of sent.refused.slice(0, 5)) console.log(`  not accepted: ${problem}`);
  const all = [
    ...(await askConfigurations(programs.collector, folder)),
    ...(await askStory(summary)),
    ...(await askOutcomes(sent, toControl.copy)),
    ...(await askMetrics(stores, sent)),
    ...(await askPanels(stores, sent)),
    ...(await askLogs(stores, sent)),
    ...(await askTraces(stores, sent)),
    ...(await askFlagd(store, conformance)),
  ];
  await toCollector.close();
  await toControl.close();
  return all;
}

function seconds(): number {
  return Math.round((Date.now() - began) / 1000);
}
