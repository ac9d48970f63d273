// A page that talks to its API by XMLHttpRequest, as older libraries do; which of its requests fails is in its address.
import { createWebFlagTelemetry } from "@flagspan/telemetry/web";
import { OpenFeature } from "@openfeature/web-sdk";
import { pageProvider, targetingKey } from "./page-flags.ts";

const telemetry = createWebFlagTelemetry({
  guardEndpoint: `${location.origin}/guard/v1/logs`,
  slow: { loadMs: 60_000, inpMs: 60_000 },
});
OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(pageProvider, { targetingKey });
OpenFeature.getClient().getBooleanValue("checkout", false);

const seen: string[] = [];
const finish = (): void => {
  document.title = JSON.stringify(seen);
};
const request = new XMLHttpRequest();
for (const type of ["load", "error", "abort", "timeout"]) {
  request.addEventListener(type, () => seen.push(`${type} ${request.status}`));
}
request.addEventListener("loadend", finish);
const way = new URLSearchParams(location.search).get("way") ?? "ok";
const paths: Record<string, string> = {
  gone: "/api/gone",
  broken: "/api/broken",
  export: "/api/broken/v1/logs",
};
request.open("GET", new URL(paths[way] ?? "/api/ok", location.href));
request.send();
if (way === "abort") request.abort();
