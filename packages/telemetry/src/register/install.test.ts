import { trace } from "@opentelemetry/api";
import type { TracerProvider } from "@opentelemetry/api";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { installFlagTelemetry } from "./install.ts";

const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
afterEach(() => {
  trace.disable();
});
afterAll(() => {
  emitWarning.mockRestore();
});

test("installed twice it acts once, and a provider of an unknown shape is left alone and named once", async () => {
  const telemetry = installFlagTelemetry({});
  expect(telemetry).toBeDefined();
  expect(installFlagTelemetry({})).toBeUndefined();

  const unknown = { getTracer: () => trace.getTracer("none"), forceFlush: () => Promise.resolve() };
  const provider: TracerProvider = Object.freeze(unknown);
  trace.setGlobalTracerProvider(provider);
  trace.disable();
  trace.setGlobalTracerProvider(provider);
  expect(emitWarning.mock.calls.map(([text]) => String(text))).toEqual([
    expect.stringMatching(/^the tracer provider of this process is none of OpenTelemetry JS 2\.x or 3\.x/u),
  ]);
  await telemetry?.shutdown();
});

test("FLAGSPAN_DISABLED turns it off", () => {
  expect(installFlagTelemetry({ FLAGSPAN_DISABLED: "true" })).toBeUndefined();
});
