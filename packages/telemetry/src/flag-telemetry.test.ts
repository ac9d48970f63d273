import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createFlagTelemetry } from "./index.ts";

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  context.disable();
});

test("a flag tags every open ancestor and every later span, and no span that had ended", async () => {
  const telemetry = createFlagTelemetry();
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [telemetry.spanProcessor, new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("test");
  tracer.startActiveSpan("server", (server) => {
    tracer.startSpan("before").end();
    tracer.startActiveSpan("work", (work) => {
      evaluated({ flagKey: "checkout" }, { value: true, variant: "on", reason: "TARGETING_MATCH" });
      work.end();
    });
    tracer.startSpan("after").end();
    server.end();
  });
  const tagged = Object.fromEntries(
    exporter.getFinishedSpans().map((span) => [span.name, span.attributes["feature_flags.checkout"]]),
  );
  expect(tagged).toEqual({ before: undefined, work: "on", after: "on", server: "on" });
  await telemetry.shutdown();
});
