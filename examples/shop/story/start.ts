import { readArguments, type StoryArguments } from "./arguments.ts";
import { startCollector } from "./collector.ts";
import { describeUntagged, findFirstEvaluations } from "./coverage.ts";
import { findMissing } from "./expectations.ts";
import { startShop, type RunningShop } from "./house.ts";
import { createNarrator } from "./narrator.ts";
import { playScenes } from "./scenes.ts";

/** `npm start`: the shop, its incident, and what it looked like in telemetry. Exit 0 only if every part of the story happened. */
async function main(): Promise<number> {
  let args: StoryArguments;
  try {
    args = readArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      `npm start: ${error instanceof Error ? error.message : String(error)}\nKnown: --once, --json, --seed N, --incident=dark-mode|none, --via-collector, --store PATH, --patience N\n`,
    );
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

  const out = args.json ? process.stderr : process.stdout;
  const narrator = createNarrator(
    () => performance.now(),
    (text) => void out.write(text),
  );
  const collector = await startCollector(process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  let shop: RunningShop | undefined;
  try {
    shop = await startShop({
      collectorUrl: collector.url,
      seed: args.seed,
      incident: args.incident,
      viaCollector: args.viaCollector,
      store: args.store,
      port: Number(process.env["FLAGSPAN_PORT"] ?? 0),
    });
    narrator.tell(
      `Control, bridge and guard are up at ${shop.controlUrl}/, the shop at ${shop.storefrontUrl}/ (storefront → checkout → stock).`,
    );
    const summary = await playScenes({
      shop,
      collector,
      narrator,
      incident: args.incident,
      patience: args.patience,
      signal: stop.signal,
    });
    const missing = findMissing(summary, args.incident);
    if (args.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    for (const sentence of missing) narrator.tell(`Did not happen: ${sentence}`);
    const { spans, logs } = collector.received;
    narrator.show(describeUntagged(spans, findFirstEvaluations(logs)).slice(0, 5));
    if (collector.received.refused.length > 0)
      narrator.tell(
        `${collector.received.refused.length} payloads were refused, the first: ${collector.received.refused[0]}`,
      );
    if (missing.length === 0) narrator.tell("Every part of the story happened.");
    if (!args.once && missing.length === 0) {
      await shop.openDoors();
      narrator.tell(
        `It stays up: flags and change log at ${shop.controlUrl}/, the shop at ${shop.storefrontUrl}/. Ctrl-C ends it.`,
      );
      await new Promise<void>((resolve) => {
        if (stop.signal.aborted) resolve();
        else stop.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    narrator.tell(`The story broke off: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await shop?.processes.stop();
    await collector.close();
  }
}

process.exitCode = await main();
