// Runs a bridge on a SQLite store until it is killed: argv = path of the store, URL of the receiver.
import { createBridge, otlpSink } from "@flagspan/bridge";
import { openSqliteStore } from "@flagspan/control";

const [, , path, endpoint] = process.argv;
const store = await openSqliteStore({ path });
createBridge({
  outbox: store.outbox,
  owner: "the-one",
  sinks: [otlpSink({ endpoint, batchSize: 8, signals: ["logs", "traces"] })],
}).start();
setInterval(() => undefined, 60_000);
