import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flagAssets } from "@flagspan/bridge/assets";
import type { Built } from "./build.ts";
import { findPorts, type Processes } from "./processes.ts";
import { assetFlag } from "./story.ts";

/** Where the stores answer, and where they take OTLP. */
export interface Stores {
  readonly prometheus: string;
  readonly loki: string;
  readonly jaeger: string;
  readonly jaegerOtlp: string;
}

/** The folder of the shipped configuration. */
export const configuration: string = new URL("../../../otel-collector/", import.meta.url).pathname;

/** Starts Prometheus, Loki and Jaeger with the configuration that is shipped, on free ports, their data in `folder`. */
export async function startStores(built: Built, processes: Processes, folder: string): Promise<Stores> {
  const [prometheusPort, lokiPort, lokiGrpc, jaegerPort, jaegerOtlp, ...spare] = await findPorts(14);
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  const loki = `http://127.0.0.1:${lokiPort}`;
  const jaeger = `http://127.0.0.1:${jaegerPort}`;
  const pathOf = (name: string): string => built.paths.get(name) ?? "";
  await writeRules(folder);
  await Promise.all([
    processes.start(
      "prometheus",
      pathOf("prometheus"),
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "tsdb")}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
        "--web.enable-otlp-receiver",
      ],
      {},
      `${prometheus}/-/ready`,
    ),
    processes.start(
      "loki",
      pathOf("loki"),
      [`-config.file=${configuration}loki.yaml`, "-config.expand-env=true"],
      { LOKI_PORT: String(lokiPort), LOKI_GRPC_PORT: String(lokiGrpc), LOKI_DIRECTORY: join(folder, "loki") },
      `${loki}/ready`,
    ),
    processes.start(
      "jaeger",
      pathOf("jaeger"),
      jaegerArguments(jaegerPort ?? 0, jaegerOtlp ?? 0, spare),
      { SPAN_STORAGE_TYPE: "memory" },
      `${jaeger}/api/services`,
    ),
  ]);
  return { prometheus, loki, jaeger, jaegerOtlp: `http://127.0.0.1:${jaegerOtlp}` };
}

/** Starts the collector that was built from our manifest, with our configuration; resolves to where it takes OTLP. */
export async function startCollector(
  built: Built,
  processes: Processes,
  folder: string,
  to: { readonly stores: Stores; readonly control: string; readonly controlKey: string },
): Promise<string> {
  const [grpcPort, httpPort, pagesPort, healthPort] = await findPorts(4);
  await processes.start(
    "collector",
    built.collector,
    ["--config", `${configuration}config.yaml`],
    {
      OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpcPort}`,
      OTLP_HTTP_ENDPOINT: `127.0.0.1:${httpPort}`,
      PAGES_ENDPOINT: `127.0.0.1:${pagesPort}`,
      HEALTH_ENDPOINT: `127.0.0.1:${healthPort}`,
      QUEUE_DIRECTORY: join(folder, "queue"),
      TEMPO_ENDPOINT: to.stores.jaegerOtlp,
      LOKI_ENDPOINT: `${to.stores.loki}/otlp`,
      PROMETHEUS_ENDPOINT: `${to.stores.prometheus}/api/v1/otlp`,
      CONTROL_ENDPOINT: to.control,
      FLAGSPAN_TELEMETRY_KEY: to.controlKey,
      // Nobody wants to wait for answers: the shipped values, only sooner.
      BATCH_TIMEOUT: "200ms",
      DECISION_WAIT: "4s",
      SPANMETRICS_FLUSH: "1s",
    },
    `http://127.0.0.1:${healthPort}/`,
  );
  return `http://127.0.0.1:${httpPort}`;
}

/** The shipped configuration and the rules as `flagspan assets` writes them, only looked at more often than every fifteen seconds. */
async function writeRules(folder: string): Promise<void> {
  const rules = flagAssets(assetFlag).find(({ path }) => path.startsWith("prometheus/"))?.text ?? "";
  await mkdir(join(folder, "rules"));
  await writeFile(
    join(folder, "rules/shop.rules.yaml"),
    rules.replace("interval: 15s", "interval: 1s").replace("for: 30s", "for: 3s"),
  );
  const shipped = await readFile(join(configuration, "prometheus/prometheus.yml"), "utf8");
  await writeFile(
    join(folder, "prometheus.yml"),
    shipped.replace("evaluation_interval: 15s", "evaluation_interval: 1s"),
  );
}

/** Jaeger's own ports; everything else that listens gets out of the way of other programs. */
function jaegerArguments(query: number, otlp: number, spare: readonly number[]): readonly string[] {
  const others = [
    "admin.http.host-port",
    "collector.grpc-server.host-port",
    "collector.http-server.host-port",
    "collector.otlp.grpc.host-port",
    "http-server.host-port",
    "processor.jaeger-binary.server-host-port",
    "processor.jaeger-compact.server-host-port",
    "processor.zipkin-compact.server-host-port",
    "query.grpc-server.host-port",
  ];
  return [
    `--query.http-server.host-port=127.0.0.1:${query}`,
    `--collector.otlp.http.host-port=127.0.0.1:${otlp}`,
    ...others.map((name, index) => `--${name}=127.0.0.1:${spare[index]}`),
  ];
}
