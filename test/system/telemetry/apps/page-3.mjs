// The page of test/telemetry/page-with-sdk.ts on OpenTelemetry JS 3.x. Its user-interaction instrumentation has no 3.x
// release, so clicks are spans made by hand, active while their handler runs.
import { createWebFlagTelemetry } from "@flagspan/telemetry/web";
import { OpenFeature } from "@openfeature/web-sdk";
import { context, logs, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { DocumentLoadInstrumentation } from "@opentelemetry/instrumentation-document-load";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, StackContextManager, TracerProvider } from "@opentelemetry/sdk-trace";
import { pageProvider, targetingKey } from "./page-flags.ts";

const telemetry = createWebFlagTelemetry({ guardEndpoint: `${location.origin}/guard/v1/logs` });
const resource = resourceFromAttributes({ "service.name": "shop-page" });
const soon = { scheduledDelayMillis: 200 };
context.setGlobalContextManager(new StackContextManager().enable());
trace.setGlobalTracerProvider(
  new TracerProvider({
    resource,
    spanProcessors: [
      telemetry.spanProcessor,
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${location.origin}/v1/traces` }),
        ...soon,
      }),
    ],
  }),
);
logs.setGlobalLoggerProvider(
  new LoggerProvider({
    resource,
    processors: [
      telemetry.logRecordProcessor,
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: `${location.origin}/v1/logs` }),
        ...soon,
      }),
    ],
  }),
);
registerInstrumentations({
  instrumentations: [
    new DocumentLoadInstrumentation(),
    new FetchInstrumentation({ ignoreUrls: [/\/v1\//u] }),
  ],
});

OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(pageProvider, { targetingKey });
const client = OpenFeature.getClient();
client.getBooleanValue("checkout", false);
client.getStringValue("theme", "light");

logs.getLogger("shop").emit({ body: "page ready" });
const on = (id, act) =>
  document.getElementById(id)?.addEventListener("click", () =>
    trace.getTracer("shop").startActiveSpan("click", (span) => {
      act();
      span.end();
    }),
  );
on("buy", () => void Promise.reject(new TypeError("the cart is empty")));
on("stock", () => void fetch("/api/broken"));
on("ok", () => void fetch("/api/ok"));
on("xhr", () => {
  const request = new XMLHttpRequest();
  request.open("GET", "/api/broken");
  request.send();
});
