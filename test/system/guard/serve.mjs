/**
 * Runs control with a guard in a process of its own over Postgres, prints `url <url> <key>` when it listens, and stays until it is killed.
 *
 * node serve.mjs <postgres url> <name>
 */
import { decodeLogs } from "@flagspan/bridge/otlp";
import { createControl, createKey, openPostgresStore } from "@flagspan/control";
import { createControlClient, createGuard, parseFastLaneEvent } from "@flagspan/guard";

const [place, name] = process.argv.slice(2);
const store = await openPostgresStore({ url: place });
const { token } = await createKey(store, {
  name: `process ${name}`,
  scopes: ["evaluate", "sync", "telemetry", "write", "kill", "admin"],
  sets: ["*"],
  actorType: "automation",
});
const late = {};
const guard = createGuard({
  documents: store.documents,
  owner: name,
  control: createControlClient({
    baseUrl: "http://control.internal",
    key: token,
    fetch: async (input, init) => late.control.fetch(new Request(input, init)),
  }),
});
const control = createControl({
  store,
  instance: name,
  decider: guard.decider,
  limits: { strangerRatePerSecond: 1e6, ratePerSecond: 1e6, streamConnectsPerSecond: 1e6 },
  otlp: {
    async accept({ contentType, body, scopes }) {
      const decoded = decodeLogs(body, contentType);
      const records = decoded.ok ? decoded.records : [];
      guard.observe(
        records.flatMap((record) => parseFastLaneEvent(record) ?? []),
        { scopes },
      );
      return { status: 200, contentType, body: "{}" };
    },
  },
});
late.control = control;
const { url } = await control.listen({ port: 0 });
guard.start();
process.stdout.write(`url ${url} ${token}\n`);
