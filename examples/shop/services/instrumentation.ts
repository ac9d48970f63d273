import { register } from "node:module";
import { propagation } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { OpenFeature } from "@openfeature/server-sdk";
import { FlagspanProvider } from "@flagspan/provider/server";
import { createFlagTelemetry } from "@flagspan/telemetry";
import { readSettings } from "./settings.ts";

// Preloaded by `node --import`: OpenTelemetry first, so that `http`, `undici` and `pino` are seen by their instrumentations.
register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const settings = readSettings(process.env);

const flags = createFlagTelemetry({
  ...(settings.outcomesGoTo === "collector"
    ? {}
    : {
        guardEndpoint: `${settings.controlUrl}/v1/logs`,
        guardHeaders: { authorization: `Bearer ${settings.telemetryKey}` },
      }),
  // Flags travel to our own services only; the storefront faces the public, so it believes no baggage.
  baggage: { allow: settings.internalHosts },
  trustBaggage: settings.service !== "storefront",
});

const sdk = new NodeSDK({
  serviceName: settings.service,
  spanProcessors: [
    flags.spanProcessor,
    new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 500, maxQueueSize: 8192 }),
  ],
  logRecordProcessors: [
    flags.logRecordProcessor,
    new BatchLogRecordProcessor({
      exporter: new OTLPLogExporter(),
      scheduledDelayMillis: 500,
      maxQueueSize: 8192,
    }),
  ],
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation(), new PinoInstrumentation()],
});
sdk.start();
propagation.disable();
propagation.setGlobalPropagator(
  new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), flags.propagator],
  }),
);

OpenFeature.addHooks(flags.hook);
await OpenFeature.setProviderAndWait(
  new FlagspanProvider({ url: settings.controlUrl, set: settings.flagSet, key: settings.syncKey }),
);

/** Sends what is still buffered, then ends the process; the second signal ends it at once. */
async function shutDown(): Promise<void> {
  await OpenFeature.close();
  await flags.shutdown();
  await sdk.shutdown();
  process.exit(0);
}
process.once("SIGTERM", () => void shutDown());
process.once("SIGINT", () => void shutDown());
