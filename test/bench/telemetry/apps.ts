import { ROOT_CONTEXT, context, propagation, trace } from "@opentelemetry/api";
import type { Context, Tracer } from "@opentelemetry/api";
import { ALLOW_ALL_BAGGAGE_KEYS, BaggageSpanProcessor } from "@opentelemetry/baggage-span-processor";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import type { LogRecordProcessor } from "@opentelemetry/sdk-logs";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import type { Sampler, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { createFlagTelemetry } from "@flagspan/telemetry";
import type { FlagTelemetry, FlagTelemetryOptions } from "@flagspan/telemetry";

/** A processor that takes spans and drops them, so that nothing is measured but the way there. */
export const sink: SpanProcessor & LogRecordProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  onEmit: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** A tracer of the real SDK with the given processors, ending in a sink. */
export function createTracer(processors: readonly SpanProcessor[], sampler?: Sampler): Tracer {
  const provider = new BasicTracerProvider({
    spanProcessors: [...processors, sink],
    ...(sampler === undefined ? {} : { sampler }),
  });
  return provider.getTracer("bench");
}

/** Our telemetry with its logs going to a sink of the real logs SDK. */
export function createTelemetry(options: FlagTelemetryOptions = {}): FlagTelemetry {
  const loggerProvider = new LoggerProvider({ processors: [sink] });
  return createFlagTelemetry({
    loggerProvider,
    fetch: () => Promise.resolve({ ok: true, status: 200 }),
    ...options,
  });
}

/** Turns on async context, as NodeSDK does. */
export function enableContext(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** Names of `count` flags. */
export function flagNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `checkout-flag-${index}`);
}

/** The stock processor that copies baggage to spans, and a context with `count` flags in its baggage. */
export function baggagePeer(count: number): { readonly processor: SpanProcessor; readonly parent: Context } {
  const entries = flagNames(count).map((name) => [`feature_flags.${name}`, { value: "on" }] as const);
  return {
    processor: new BaggageSpanProcessor(ALLOW_ALL_BAGGAGE_KEYS),
    parent: propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(Object.fromEntries(entries))),
  };
}

/** A root span of our telemetry whose scope holds `count` flags, as the parent of measured spans. */
export function flaggedParent(telemetry: FlagTelemetry, tracer: Tracer, count: number): Context {
  const parent = trace.setSpan(ROOT_CONTEXT, tracer.startSpan("request", {}, ROOT_CONTEXT));
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  context.with(parent, () => {
    for (const flagKey of flagNames(count)) {
      evaluated({ flagKey }, { value: true, variant: "on", reason: "TARGETING_MATCH" });
    }
  });
  return parent;
}
