import { LoggerProvider, type LogRecordProcessor } from "@opentelemetry/sdk-logs";
import { createFlagTelemetry } from "@flagspan/telemetry";
import { memoryLogExporter } from "@flagspan/telemetry/testing";
import { expect, test } from "vitest";

test.each([{ wanted: true }, { wanted: false }])(
  "whether a record is made is left to the exporting processor, which says $wanted",
  ({ wanted }) => {
    const telemetry = createFlagTelemetry();
    const exporter = memoryLogExporter();
    const exporting: LogRecordProcessor = { ...exporter.processor, enabled: () => wanted };
    const provider = new LoggerProvider({ processors: [telemetry.logRecordProcessor, exporting] });
    const logger = provider.getLogger("app");
    expect(logger.enabled()).toBe(wanted);
    logger.emit({ body: "hello" });
    expect(exporter.records.map(({ body }) => body)).toEqual(wanted ? ["hello"] : []);
  },
);
