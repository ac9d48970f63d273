import { metrics } from "@opentelemetry/api";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { FlagspanProvider } from "@flagspan/provider/server";
import { findPorts, pause } from "./processes.ts";

/**
 * Runs our provider against a control that does not answer, and sends what it counts to the collector: the shop's own services have no
 * failure to show on the panel of sync failures.
 */
export async function failToSync(collectorUrl: string): Promise<void> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({ "service.name": "cut-off" }),
  });
  metrics.setGlobalMeterProvider(meters);
  const [nobody] = await findPorts(1);
  const provider = new FlagspanProvider({
    url: `http://127.0.0.1:${nobody}`,
    set: "shop.prod",
    key: "fs_interop.0123456789",
    initTimeoutMs: 1000,
  });
  await provider.initialize().catch(() => undefined);
  for (let round = 0; round < 6; round += 1) {
    await pause(1500);
    await reader.forceFlush();
    const last = exporter.getMetrics().at(-1);
    if (last === undefined) continue;
    const response = await fetch(`${collectorUrl}/v1/metrics`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body: Buffer.from(ProtobufMetricsSerializer.serializeRequest(last as never) ?? new Uint8Array()),
    });
    if (!response.ok) throw new Error(`the collector answered ${response.status} to metrics`);
  }
  await provider.onClose();
  metrics.disable();
  await reader.shutdown();
}
