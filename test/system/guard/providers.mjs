/**
 * Runs many providers in a process of its own. Prints `ready` when all answer; on the line `watch` looks every 25 ms at what each answers and prints
 * `off <milliseconds since the epoch>...` when all of them answer `off`.
 *
 * node providers.mjs <url> <key> <count>
 */
import { createInterface } from "node:readline";
import { FlagspanProvider } from "@flagspan/provider/server";

const [url, key, count] = process.argv.slice(2);
const providers = Array.from(
  { length: Number(count) },
  (_, index) =>
    new FlagspanProvider({
      url,
      key,
      set: "shop.prod",
      instance: `${process.pid}-${index}`,
      initTimeoutMs: 60_000,
    }),
);
await Promise.all(providers.map((provider) => provider.initialize()));
process.stdout.write("ready\n");

/** A hundred users: at 50 %, some of them are treated whatever the salt; one of those is looked at until it is not. */
const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
const isTreated = (provider, targetingKey) =>
  provider.evaluateSync("dark-mode", false, { targetingKey }).value === true;
const treated = users.find((user) => isTreated(providers[0], user));
const isOff = (provider) =>
  !isTreated(provider, treated) && users.every((user) => !isTreated(provider, user));

createInterface({ input: process.stdin }).on("line", () => {
  const off = new Map();
  const timer = setInterval(() => {
    for (const provider of providers)
      if (!off.has(provider) && isOff(provider)) off.set(provider, Date.now());
    if (off.size < providers.length) return;
    clearInterval(timer);
    process.stdout.write(`off ${[...off.values()].join(" ")}\n`);
  }, 25);
  process.stdout.write("watching\n");
});
