import { hostname } from "node:os";
import { parseArgs } from "node:util";
import type { Command } from "../command.ts";
import { UsageError } from "../command.ts";
import { readConfiguration } from "../compose/configuration.ts";
import { composeHouse } from "../compose/house.ts";
import { readPort } from "../compose/port.ts";
import { openStore } from "../compose/store.ts";
import { untilAborted } from "../until-aborted.ts";

/** `flagspan serve`: control with bridge and guard, for production. */
export const serveCommand: Command = {
  name: "serve",
  summary: "run control with the bridge and the guard",
  usage: `
flagspan serve [--store <url>] [--port 4600] [--host 127.0.0.1] [--config flagspan.yaml] [--pages open|admin]

  --store   file path of the SQLite store, or postgres://… (default: DATABASE_URL, else .flagspan/control.db)
  --port    0 picks a free one (default: 4600, or PORT)
  --host    0.0.0.0 to be reached from other machines (put TLS in front)
  --config  YAML or JSON: sinks (Grafana, Datadog, Slack, ...) and webhooks; see packages/bridge/README.md
  --pages   who sees the page at /: anybody, or holders of an admin key (default: admin)

Change events go to OTEL_EXPORTER_OTLP_ENDPOINT. FLAGSPAN_CORS names the origins of pages that may evaluate.
FLAGSPAN_WEBHOOK_<VENDOR>_SECRET opens /hooks/<vendor>; FLAGSPAN_PROMETHEUS_URL answers query guardrails.`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        store: { type: "string" },
        port: { type: "string" },
        host: { type: "string", default: "127.0.0.1" },
        pages: { type: "string", default: "admin" },
        config: { type: "string" },
      },
    });
    if (values.pages !== "open" && values.pages !== "admin")
      throw new UsageError(`--pages is "${values.pages}"; it can be open or admin.`);
    const port = readPort(values.port ?? io.env["PORT"], 4600);
    const configuration = await readConfiguration(io, values.config);
    const store = await openStore(values.store, io);
    const house = await composeHouse({
      store,
      instance: io.env["FLAGSPAN_INSTANCE"] ?? `${hostname()}-${process.pid}`,
      configuration,
      log: (line) => io.stderr(`${line}\n`),
      pages: values.pages,
    });
    try {
      const { url, port: bound } = await house.control.listen({ port, host: values.host });
      io.stderr(`flagspan serves at ${url}\n`);
      process.send?.({ listening: bound });
      await untilAborted(io.signal);
    } finally {
      await house.close();
      await store.close();
    }
    return 0;
  },
};
