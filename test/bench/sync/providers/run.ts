import { FlagspanProvider } from "@flagspan/provider/server";
import { ProviderEvents } from "@openfeature/server-sdk";

/**
 * Holds many providers in one process. For each line `<revision marker>` it waits until every one of them evaluates
 * the flag to that marker, and prints when each did, in microseconds of the machine's monotonic clock.
 *
 * node providers/run.js <url> <key> <count>
 */
const [url = "", key = "", count = "1"] = process.argv.slice(2);
const providers = Array.from(
  { length: Number(count) },
  () => new FlagspanProvider({ url, set: "shop.prod", key }),
);
await Promise.all(providers.map((provider) => provider.initialize()));
process.stdout.write(`${JSON.stringify({ ready: providers.length })}\n`);

const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

let wanted = "";
let seen: number[] = [];
const waiting = new Set<FlagspanProvider>();

/** Notes the moment a provider evaluates to what is wanted; being told of a change is not enough. */
function look(provider: FlagspanProvider): void {
  if (!waiting.has(provider) || provider.evaluateSync("toggled", "", {}).value !== wanted) return;
  seen.push(nowMicros());
  waiting.delete(provider);
  if (waiting.size === 0) process.stdout.write(`${JSON.stringify({ seen })}\n`);
}

for (const provider of providers) {
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, () => look(provider));
}

process.stdin.setEncoding("utf8");
process.stdin.on("data", (marker: string) => {
  wanted = marker.trim();
  seen = [];
  for (const provider of providers) waiting.add(provider);
  process.stdout.write(`${JSON.stringify({ watching: wanted })}\n`);
});
