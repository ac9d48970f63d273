// An ordinary app, which knows nothing of @flagspan/telemetry: commands.test.ts runs it as app.js, with the preload.
import { InMemoryProvider, OpenFeature } from "@openfeature/server-sdk";
import { trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

new NodeTracerProvider().register();
const flag = { variants: { on: true, off: false }, defaultVariant: "on", disabled: false };
await OpenFeature.setProviderAndWait(new InMemoryProvider({ "dark-mode": flag }));
await trace.getTracer("shop").startActiveSpan("checkout", async (span) => {
  await OpenFeature.getClient().getBooleanValue("dark-mode", false);
  span.end();
  console.log(JSON.stringify(span.attributes));
});
