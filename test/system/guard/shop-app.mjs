/**
 * An app in a process of its own: a real HTTP server, the OpenTelemetry SDK, our telemetry with its fast lane, and our provider. Prints `url <url>` when
 * it answers. `GET /?user=<n>` reads dark-mode for that user; after `GET /break` every second treated user gets a 500.
 *
 * node shop-app.mjs <control's url> <key> <name>
 */
import { createServer } from "node:http";
import { FlagspanProvider } from "@flagspan/provider/server";
import { createFlagTelemetry } from "@flagspan/telemetry";
import { OpenFeature } from "@openfeature/server-sdk";
import { SpanKind, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const [url, key, name] = process.argv.slice(2);
const telemetry = createFlagTelemetry({
  guardEndpoint: url,
  guardHeaders: { authorization: `Bearer ${key}` },
  resource: { "service.name": name },
});
new NodeTracerProvider({ spanProcessors: [telemetry.spanProcessor] }).register();
OpenFeature.addHooks(telemetry.hook);
await OpenFeature.setProviderAndWait(new FlagspanProvider({ url, key, set: "shop.prod", instance: name }));
const client = OpenFeature.getClient();
const tracer = trace.getTracer(name);
let broken = false;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
  if (pathname === "/break") {
    broken = true;
    response.end();
    return;
  }
  void tracer.startActiveSpan("GET /", { kind: SpanKind.SERVER }, async (span) => {
    const user = searchParams.get("user") ?? "";
    const isTreated = await client.getBooleanValue("dark-mode", false, { targetingKey: `user-${user}` });
    const status = broken && isTreated && Number(user) % 2 === 0 ? 500 : 200;
    span.setAttribute("http.response.status_code", status);
    span.end();
    response.writeHead(status).end(isTreated ? "on" : "off");
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`url http://127.0.0.1:${server.address().port}\n`);
});
