// An app under the preload that dies, or nearly, of an exception in a request that has read a flag under a rollout.
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OpenFeature } from "@openfeature/server-sdk";

const isThree = process.env.OTEL_LINE === "3";
const sdkTrace = await import(isThree ? "@opentelemetry/sdk-trace" : "@opentelemetry/sdk-trace-base");
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const Provider = isThree ? sdkTrace.TracerProvider : sdkTrace.BasicTracerProvider;
api.trace.setGlobalTracerProvider(new Provider({ spanProcessors: [] }));

const flagMetadata = { contextId: "unit-1", rollout: "r/1", rolloutTreatment: "on", rolloutControl: "off" };
await OpenFeature.setProviderAndWait({
  metadata: { name: "fixed" },
  resolveBooleanEvaluation: async () => ({ value: true, variant: "on", reason: "SPLIT", flagMetadata }),
});
if (process.env.WAY === "handled")
  process.on("uncaughtException", () => setTimeout(() => process.exit(0), 2_500));
await api.trace.getTracer("app").startActiveSpan("request", async () => {
  await OpenFeature.getClient().getBooleanValue("checkout", false);
  const die = () => {
    throw new RangeError("nobody catches this");
  };
  if (process.env.WAY === "rejection") void Promise.resolve().then(die);
  else setTimeout(die);
});
setTimeout(() => undefined, 10_000);
