// A page without any OpenTelemetry SDK: what it has to say goes to the guard's endpoint.
import { createWebFlagTelemetry } from "@flagspan/telemetry/web";
import { OpenFeature } from "@openfeature/web-sdk";
import { pageProvider, targetingKey } from "./page-flags.ts";

const telemetry = createWebFlagTelemetry({
  guardEndpoint: `${location.origin}/guard/v1/logs`,
  resource: { "service.name": "shop-page" },
  slow: { loadMs: 1, inpMs: 10 },
});
OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(pageProvider, { targetingKey });
OpenFeature.getClient().getBooleanValue("checkout", false);

/** Keeps the page from doing anything else. */
function block(durationMs: number): void {
  const until = performance.now() + durationMs;
  while (performance.now() < until);
}

block(30); // the page's load event waits for it
const on = (id: string, act: () => void): void => document.getElementById(id)?.addEventListener("click", act);
on("buy", () => block(60));
on("stock", () => void fetch("/api/broken"));
on("ok", () => {
  throw new RangeError("never caught");
});
