/**
 * Runs one control in a process of its own, prints `url <url> <key>` when it listens, and stays until it is killed.
 *
 * node serve.mjs <postgres url | memory>
 */
import { createControl, createKey, openMemoryStore, openPostgresStore } from "@flagspan/control";

const [place] = process.argv.slice(2);
const store = place === "memory" ? await openMemoryStore() : await openPostgresStore({ url: place });
const limits = { strangerRatePerSecond: 1e6, ratePerSecond: 1e6, streamConnectsPerSecond: 1e6 };
const control = createControl({ store, limits });
const { url } = await control.listen({ port: 0 });
const scopes = ["evaluate", "sync", "telemetry", "write", "kill", "admin"];
const { token } = await createKey(store, {
  name: `process ${process.pid}`,
  scopes,
  sets: ["*"],
  actorType: "automation",
});
process.stdout.write(`url ${url} ${token}\n`);
