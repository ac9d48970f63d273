// A page as an app's author would write it: OpenFeature, OpenTelemetry's web SDK, and createWebFlagTelemetry first.
import { createWebFlagTelemetry } from "@flagspan/telemetry/web";
import { OpenFeature } from "@openfeature/web-sdk";
import { logs } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { DocumentLoadInstrumentation } from "@opentelemetry/instrumentation-document-load";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { UserInteractionInstrumentation } from "@opentelemetry/instrumentation-user-interaction";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, WebTracerProvider } from "@opentelemetry/sdk-trace-web";
import { pageProvider, targetingKey } from "./page-flags.ts";

const telemetry = createWebFlagTelemetry({ guardEndpoint: `${location.origin}/guard/v1/logs` });
const resource = resourceFromAttributes({ "service.name": "shop-page" });
const soon = { scheduledDelayMillis: 200 };
new WebTracerProvider({
  resource,
  spanProcessors: [
    telemetry.spanProcessor,
    new BatchSpanProcessor(new OTLPTraceExporter({ url: `${location.origin}/v1/traces` }), soon),
  ],
}).register();
const loggerProvider = new LoggerProvider({
  resource,
  processors: [
    telemetry.logRecordProcessor,
    new BatchLogRecordProcessor({
      exporter: new OTLPLogExporter({ url: `${location.origin}/v1/logs` }),
      ...soon,
    }),
  ],
});
logs.setGlobalLoggerProvider(loggerProvider);
registerInstrumentations({
  instrumentations: [
    new DocumentLoadInstrumentation(),
    new FetchInstrumentation({ ignoreUrls: [/\/v1\//u] }),
    new UserInteractionInstrumentation(),
  ],
});

OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(pageProvider, { targetingKey });
const client = OpenFeature.getClient();
client.getBooleanValue("checkout", false);
client.getStringValue("theme", "light");

logs.getLogger("shop").emit({ body: "page ready" });
const on = (id: string, act: () => void): void => document.getElementById(id)?.addEventListener("click", act);
on("buy", () => void Promise.reject(new TypeError("the cart is empty")));
on("stock", () => void fetch("/api/broken"));
on("ok", () => void fetch("/api/ok"));
