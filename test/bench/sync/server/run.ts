import { createControl, createKey, openMemoryStore, openSqliteStore } from "@flagspan/control";
import { syntheticRuleset } from "../ruleset.ts";

/**
 * The process under test: a control on a port of its own. It prints one JSON line when it listens, and answers each
 * line on its standard input with what it has used so far.
 *
 * node server/run.js <file | memory> <flags> <port>
 */
const [place = "memory", flags = "100", port = "0"] = process.argv.slice(2);
const store = place === "memory" ? await openMemoryStore() : await openSqliteStore({ path: place });
const control = createControl({
  store,
  limits: { ratePerSecond: 1e9, strangerRatePerSecond: 1e9, streamConnectsPerSecond: 3000, streams: 20_000 },
});
if ((await control.library.get("shop.prod")) === undefined) {
  const context = { actor: { id: "bench", type: "system" }, reason: "bench" } as const;
  await control.commands.importRuleset("shop.prod", syntheticRuleset(Number(flags)), context);
}
const { url } = await control.listen({ port: Number(port) });
const { token } = await createKey(store, {
  name: "bench",
  scopes: ["evaluate", "sync", "write", "kill", "admin"],
  sets: ["shop.prod"],
  actorType: "automation",
});
process.stdout.write(`${JSON.stringify({ url, key: token, pid: process.pid })}\n`);
process.stdin.setEncoding("utf8");
process.stdin.on("data", () => {
  const { user, system } = process.cpuUsage();
  const used = {
    rss: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    streams: control.streams,
  };
  process.stdout.write(`${JSON.stringify(used)}\n`);
});
