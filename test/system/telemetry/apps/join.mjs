// An app of one request, whose SDK packages and whose order of start-up come from outside; prints the tags it exported.
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);
const { TRACE_PACKAGE, LOGS_PACKAGE, OTEL_LINE, ORDER } = process.env;
const api = load("@opentelemetry/api");
const sdkTrace = load(TRACE_PACKAGE);
const sdkLogs = load(LOGS_PACKAGE);
const logsApi = OTEL_LINE === "3" ? api.logs : load("@opentelemetry/api-logs").logs;

const spans = [];
const records = [];
const rest = { forceFlush: async () => {}, shutdown: async () => {} };
const keepSpans = { onStart() {}, onEnd: (span) => spans.push(span), ...rest };
const keepRecords = {
  onEmit: (record) => records.push({ body: record.body, ...record.attributes }),
  ...rest,
};

function startSdk() {
  const TracerProvider = sdkTrace.TracerProvider ?? sdkTrace.BasicTracerProvider;
  api.trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [keepSpans] }));
  const loggerProvider = new sdkLogs.LoggerProvider({ processors: [keepRecords] });
  loggerProvider.addLogRecordProcessor?.(keepRecords);
  logsApi.setGlobalLoggerProvider(loggerProvider);
}

async function startOpenFeature() {
  const { OpenFeature } = load("@openfeature/server-sdk");
  await OpenFeature.setProviderAndWait({
    metadata: { name: "fixed" },
    resolveBooleanEvaluation: async () => ({ value: true, variant: "on", reason: "STATIC" }),
  });
  return OpenFeature.getClient();
}

let client;
if (ORDER === "register last") {
  startSdk();
  client = await startOpenFeature();
}
await import("@flagspan/telemetry/register");
if (ORDER === "register first") {
  startSdk();
  client = await startOpenFeature();
}

const { AsyncLocalStorageContextManager } = load("@opentelemetry/context-async-hooks");
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracer = api.trace.getTracer("app");
await tracer.startActiveSpan("request", async (request) => {
  await client.getBooleanValue("checkout", false);
  tracer.startSpan("after").end();
  logsApi.getLogger("app").emit({ body: "hello" });
  request.end();
});
console.log(
  JSON.stringify({
    spans: Object.fromEntries(spans.map((span) => [span.name, span.attributes["feature_flags.checkout"]])),
    log: records.find(({ body }) => body === "hello")?.["feature_flags.checkout"],
  }),
);
