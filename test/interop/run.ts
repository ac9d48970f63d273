import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBridge, otlpSink } from "@flagspan/bridge";
import { flagAssets, flagExpressions, flagQueries } from "@flagspan/bridge/assets";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { countSpans, expectSoon, getJson, logql, promql, type Finding } from "./ask.ts";
import { build, buildCollector, findGo } from "./build.ts";
import { listen } from "./ear.ts";
import { playIncident } from "./incident.ts";
import { findPorts, Processes } from "./processes.ts";
import { goVersion, programs, type Program } from "./programs.ts";

/**
 * `npm run interop`: builds the collector from our manifest, Prometheus, Loki and Jaeger, sends them the incident through our collector
 * configuration, and asks them for what they have got. Without a Go that can build them it says so and is fine.
 */
const go = await findGo();
if (go === undefined || go.localeCompare(goVersion, "en", { numeric: true }) < 0) {
  console.log(
    `interop needs Go ${goVersion} or newer on the PATH; ${go === undefined ? "there is none" : `here is ${go}`}. Nothing was run.`,
  );
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), "flagspan-interop-"));
const processes = new Processes(folder);
process.once("SIGINT", () => {
  processes.stop();
  process.exit(130);
});
let failed: number;
try {
  failed = await main();
} finally {
  processes.stop();
}
await rm(folder, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);

async function main(): Promise<number> {
  const began = Date.now();
  const paths = new Map<string, string>();
  for (const program of programs) {
    console.log(`${program.name} ${program.version} (${program.package})`);
    paths.set(program.name, await build(program));
  }
  const pathOf = (name: Program["name"]): string => paths.get(name) ?? "";
  const collectorPath = await buildCollector(pathOf("ocb"));
  console.log(
    `collector from otel-collector/manifest.yaml; Go ${go ?? ""}; built or cached in ${seconds(began)} s`,
  );

  console.log("not asked: stock flagd, whose Go modules are not to be had from every module proxy");
  const [
    prometheusPort,
    lokiPort,
    lokiGrpc,
    grpcPort,
    httpPort,
    healthPort,
    jaegerPort,
    jaegerOtlp,
    ...spare
  ] = await findPorts(17);
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  const loki = `http://127.0.0.1:${lokiPort}`;
  const jaeger = `http://127.0.0.1:${jaegerPort}`;
  const collector = `http://127.0.0.1:${httpPort}`;
  const flag = {
    key: "dark-mode",
    flagSetId: "shop.prod",
    variants: ["on", "off"],
    treatment: "on",
    control: "off",
  };

  await mkdir(join(folder, "rules"));
  const rules = flagAssets(flag).find(({ path }) => path.startsWith("prometheus/"))?.text ?? "";
  // The rules as they are written, only looked at more often than every fifteen seconds.
  await writeFile(
    join(folder, "rules/dark-mode.rules.yaml"),
    rules.replace("interval: 15s", "interval: 1s").replace("for: 30s", "for: 3s"),
  );
  await writeFile(
    join(folder, "prometheus.yml"),
    "global: { evaluation_interval: 1s }\nrule_files: [rules/*.rules.yaml]\notlp: { promote_resource_attributes: [service.name] }\n",
  );
  const configuration = new URL("../../../otel-collector/", import.meta.url).pathname;
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

  // Control with the bridge, and an ear in the place of control's intake of outcomes.
  const store = await openMemoryStore();
  const control = createControl({ store });
  const key = await createKey(store, {
    name: "ada",
    scopes: ["admin", "write", "kill", "sync", "evaluate"],
    sets: ["*"],
    actorType: "user",
  });
  const ear = await listen();
  await processes.start(
    "collector",
    collectorPath,
    ["--config", `${configuration}config.yaml`],
    {
      OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpcPort}`,
      OTLP_HTTP_ENDPOINT: `127.0.0.1:${httpPort}`,
      HEALTH_ENDPOINT: `127.0.0.1:${healthPort}`,
      QUEUE_DIRECTORY: join(folder, "queue"),
      TEMPO_ENDPOINT: `http://127.0.0.1:${jaegerOtlp}`,
      CONTROL_ENDPOINT: ear.url,
      LOKI_ENDPOINT: `${loki}/otlp`,
      PROMETHEUS_ENDPOINT: `${prometheus}/api/v1/otlp`,
      FLAGSPAN_TELEMETRY_KEY: "fs_interop",
      BATCH_TIMEOUT: "200ms",
      DECISION_WAIT: "1s",
      SPANMETRICS_FLUSH: "1s",
    },
    `http://127.0.0.1:${healthPort}/`,
  );
  const bridge = createBridge({
    outbox: control.outbox,
    sinks: [otlpSink({ endpoint: collector, resource: { "service.name": "flagspan-control" } })],
  });
  bridge.start();
  console.log(`all are up after ${seconds(began)} s; the incident begins`);

  const send = async (method: string, path: string, body: unknown): Promise<void> => {
    const request = new Request(`http://control${path}`, {
      method,
      headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const response = await control.fetch(request);
    if (!response.ok)
      throw new Error(`control answered ${response.status} to ${method} ${path}: ${await response.text()}`);
  };
  const definition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
  await send("PUT", "/v1/rulesets/shop.prod", {
    ruleset: { flags: { "dark-mode": definition } },
    reason: "seed",
  });
  const sent = await playIncident(collector);
  await send("POST", "/v1/flags/shop.prod/dark-mode/kill", {
    reason: "half of the checkouts fail",
    variant: "off",
  });

  const outcomes = "feature_flag_outcome_duration_seconds_count";
  const variant = "feature_flag_result_variant";
  const queries = flagQueries("dark-mode", "on");
  const now = flagExpressions("dark-mode", "5m");
  const findings: Finding[] = [];
  const check = async (finding: Promise<Finding>): Promise<void> => {
    const { what, ok, found } = await finding;
    findings.push({ what, ok, found });
    console.log(`${ok ? "ok    " : "FAILED"}  ${what}: ${found}`);
  };
  await check(
    expectSoon("Prometheus counts the requests by variant", sent.requests, async () =>
      order(await promql(prometheus, `sum by (${variant}) (${outcomes})`, variant)),
    ),
  );
  await check(
    expectSoon("Prometheus counts the errors by variant", { on: sent.errors.on }, () =>
      promql(prometheus, `sum by (${variant}) (${outcomes}{feature_flag_outcome="error"})`, variant),
    ),
  );
  await check(
    expectSoon("Prometheus counts the evaluations by variant", sent.requests, async () =>
      order(await promql(prometheus, `sum by (${variant}) (feature_flag_evaluations_total)`, variant)),
    ),
  );
  await check(
    expectSoon("panel error ratio by variant", { on: 0.5, off: 0 }, async () =>
      order(await promql(prometheus, now.errorRatio, variant)),
    ),
  );
  await check(
    expectSoon("panel adoption by variant", { on: 0.5, off: 0.5 }, async () =>
      order(await promql(prometheus, now.adoption, variant)),
    ),
  );
  await check(
    expectSoon("the query of the runbook", { "": 0.5 }, () => promql(prometheus, queries.promql, "")),
  );
  for (const [name, expression] of Object.entries(now))
    await check(
      expectSoon(
        `panel ${name} has an answer`,
        true,
        async () => Object.keys(await promql(prometheus, expression, variant)).length > 0,
      ),
    );
  await check(
    expectSoon("Prometheus counts the changes by action", { created: 1, killed: 1 }, () =>
      promql(
        prometheus,
        "sum by (feature_flag_change_action) (feature_flag_changes_total)",
        "feature_flag_change_action",
      ),
    ),
  );
  await check(
    expectSoon("span metrics count the spans by flag", sent.requests, async () =>
      order(
        await promql(
          prometheus,
          'sum by (feature_flags_dark_mode) (traces_span_metrics_calls_total{span_name="POST /checkout"})',
          "feature_flags_dark_mode",
        ),
      ),
    ),
  );
  await check(
    expectSoon(
      "the alert fires, for the treated variant only",
      ["on"],
      async () => firing(await getJson(`${prometheus}/api/v1/alerts`)),
      60,
    ),
  );
  await check(
    expectSoon("Loki finds the logs of the treated variant", sent.logs.on, () =>
      logql(loki, `${queries.logql} |= "checkout"`),
    ),
  );
  for (const [action, count] of [
    ["created", 1],
    ["killed", 1],
  ] as const)
    await check(
      expectSoon(`Loki has the change event "${action}" once`, count, () =>
        logql(
          loki,
          `{service_name="flagspan-control"} | otel_event_name="feature_flag.change" | feature_flag_change_action="${action}"`,
        ),
      ),
    );
  const checkout = "POST /checkout";
  const tag = "feature_flags.dark-mode";
  for (const arm of ["on", "off"] as const) {
    const ask = (): Promise<number> => countSpans(jaeger, checkout, { [tag]: arm });
    await check(
      expectSoon(`Jaeger finds every trace of the rollout by its tag ${tag}=${arm}`, sent.requests[arm], ask),
    );
  }
  const askFailing = (): Promise<number> => countSpans(jaeger, checkout, { [tag]: "on", error: "true" });
  await check(
    expectSoon("Jaeger finds the failing spans of the treated variant", sent.errors.on, askFailing),
  );
  for (const action of ["created", "killed"]) {
    const tags = { "feature_flag.change.action": action };
    const ask = (): Promise<number> => countSpans(jaeger, "feature_flag.change", tags);
    await check(expectSoon(`Jaeger has the span of the change "${action}" once`, 1, ask));
  }
  await check(
    expectSoon(
      "control was sent the outcomes and nothing else",
      { outcomes: sent.outcomes, others: 0 },
      async () => ({ outcomes: ear.outcomes, others: ear.otherLogs }),
    ),
  );

  await bridge.stop();
  await control.close();
  ear.close();
  const bad = findings.filter(({ ok }) => !ok).length;
  console.log(`${findings.length - bad} of ${findings.length} answers are right, after ${seconds(began)} s`);
  return bad;
}

function seconds(sinceMs: number): number {
  return Math.round((Date.now() - sinceMs) / 1000);
}

/** Treated first, as the counts that were sent are written. */
function order(samples: Readonly<Record<string, number>>): Readonly<Record<string, number | undefined>> {
  return { on: samples["on"], off: samples["off"] };
}

function firing(answer: unknown): readonly (string | undefined)[] {
  const { data } = answer as {
    data: { alerts: readonly { state: string; labels: Record<string, string> }[] };
  };
  return data.alerts
    .filter(({ state, labels }) => state === "firing" && labels["alertname"] === "FlagVariantFails")
    .map(({ labels }) => labels["feature_flag_result_variant"]);
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
