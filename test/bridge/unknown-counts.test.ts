import { createHmac } from "node:crypto";
import { createWebhookIntake, type WebhookIntake } from "@flagspan/bridge/webhooks";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

const secret = "a-long-shared-secret";

async function send(intake: WebhookIntake, body: object): Promise<void> {
  const text = JSON.stringify(body);
  await intake.receive({
    vendor: "launchdarkly",
    headers: {
      "content-type": "application/json",
      "x-ld-signature": createHmac("sha256", secret).update(text).digest("hex"),
    },
    rawBody: new TextEncoder().encode(text),
    query: {},
  });
}

test("unknown events are counted in OpenTelemetry by vendor and kind, and for whoever asks", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  try {
    const intake = createWebhookIntake({ vendors: { launchdarkly: { secret } } });
    for (const kind of ["segment", "segment", "project"]) await send(intake, { kind });
    for (let index = 0; index < 600; index += 1) await send(intake, { kind: `k${index}` });
    await reader.forceFlush();
    const points = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === "flagspan.bridge.webhooks.unknown")
      .flatMap(({ dataPoints }) => dataPoints as { attributes: object; value: number }[]);
    const value = (kind: string): number | undefined =>
      points.find(({ attributes }) => Object.values(attributes).join(" ") === `launchdarkly ${kind}`)?.value;
    expect([value("kind segment"), value("kind project"), value("other")]).toEqual([2, 1, 102]);
    expect(intake.unknown().counts).toMatchObject({
      "launchdarkly: kind segment": 2,
      "launchdarkly: other": 102,
    });
    expect(intake.unknown().last).toHaveLength(100);
  } finally {
    metrics.disable();
    await reader.shutdown();
  }
});
