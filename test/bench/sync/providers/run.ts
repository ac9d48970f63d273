import { FlagspanProvider } from "@flagspan/provider/server";

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

process.stdin.setEncoding("utf8");
process.stdin.on("data", (marker: string) => {
  const wanted = marker.trim();
  const waiting = new Set(providers);
  const seen: number[] = [];
  const look = (): void => {
    for (const provider of waiting) {
      if (provider.evaluateSync("toggled", "", {}).value !== wanted) continue;
      seen.push(nowMicros());
      waiting.delete(provider);
    }
    if (waiting.size > 0) setTimeout(look, 1);
    else process.stdout.write(`${JSON.stringify({ seen })}\n`);
  };
  process.stdout.write(`${JSON.stringify({ watching: wanted })}\n`);
  look();
});
