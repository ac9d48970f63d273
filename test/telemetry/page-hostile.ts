// A page whose every hand-made part is broken, and whose storage is forbidden.
import { createWebFlagTelemetry } from "@flagspan/telemetry/web";
import { OpenFeature } from "@openfeature/web-sdk";
import { pageProvider } from "./page-flags.ts";

const broken = (): never => {
  throw new Error("broken part");
};
Object.defineProperty(globalThis, "sessionStorage", { get: broken });
const telemetry = createWebFlagTelemetry({
  guardEndpoint: "https://nowhere.invalid/v1/logs",
  naming: broken,
  sessionId: broken,
  subject: broken,
  fetch: broken,
  loggerProvider: { getLogger: broken },
});
OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(pageProvider, { targetingKey: "alice" });
const value = OpenFeature.getClient().getBooleanValue("checkout", false);
OpenFeature.getClient().getStringValue("theme", "light");
const answer = await fetch("/api/ok");
const refused = await fetch("/api/broken").then((response) => response.status);
const span = { setAttribute: broken, spanContext: broken };
telemetry.spanProcessor.onEnding(span);
telemetry.logRecordProcessor.onEmit(span);
await telemetry.forceFlush();
await telemetry.shutdown();
await telemetry.shutdown();
document.title = JSON.stringify({ value, answer: answer.status, refused, flags: telemetry.activeFlags() });
