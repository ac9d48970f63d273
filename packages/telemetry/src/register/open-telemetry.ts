import type { FlagTelemetry } from "../flag-telemetry.ts";
import { addPropagator } from "./add-propagator.ts";
import { joinLoggerProvider, joinTracerProvider } from "./join-provider.ts";
import { watchProperty } from "./watch-property.ts";

/** Where every copy of `@opentelemetry/api` 1.x registers what an SDK sets. */
const apiGlobals = Symbol.for("opentelemetry.js.api.1");
/** Where `@opentelemetry/api-logs` 0.x does; since api 1.10 logs are in the object above instead. */
const logsGlobal = Symbol.for("io.opentelemetry.js.api.logs");
/** The version that api-logs hands to the function it registers. */
const logsApiVersion = 1;

type Setter = (provider: unknown) => unknown;

/**
 * Joins the OpenTelemetry SDK of this process, whether it has registered already or will: its tracer provider, its
 * logger provider (of both logs APIs) and its propagator. `warn` hears of a provider that could not be joined.
 */
export function joinOpenTelemetry(telemetry: FlagTelemetry, warn: (text: string) => void): void {
  const joinTraces: Setter = (provider) => {
    const known = joinTracerProvider(provider, telemetry.spanProcessor);
    if (!known) warn(unknownShape("tracer", "spanProcessors: [telemetry.spanProcessor, …]"));
  };
  const joinLogs: Setter = (provider) => {
    const known = joinLoggerProvider(provider, telemetry.logRecordProcessor);
    if (!known) warn(unknownShape("logger", "logRecordProcessors: [telemetry.logRecordProcessor, …]"));
  };
  watchProperty(globalThis, apiGlobals, (api) => {
    if (typeof api !== "object" || api === null) return;
    watchProperty(api, "trace", (proxy) => seeDelegate(proxy, "setDelegate", "getDelegate", joinTraces));
    watchProperty(api, "logs", (proxy) => seeDelegate(proxy, "_setDelegate", "_getDelegate", joinLogs));
    watchProperty(api, "propagation", (propagator) => addPropagator(propagator, telemetry.propagator));
  });
  watchProperty(globalThis, logsGlobal, (getter) => {
    if (typeof getter === "function") joinLogs((getter as (version: number) => unknown)(logsApiVersion));
  });
}

/**
 * The API registers a proxy first and hands it the provider a moment later, so the proxy's setter is what tells. A value
 * that is no proxy is the provider itself.
 */
function seeDelegate(registered: unknown, setter: string, getter: string, join: Setter): void {
  const proxy = registered as Record<string, unknown>;
  const setDelegate = proxy[setter];
  if (typeof setDelegate !== "function") {
    join(registered);
    return;
  }
  const getDelegate = proxy[getter];
  const current: unknown = typeof getDelegate === "function" ? getDelegate.call(proxy) : undefined;
  if (isSdkProvider(current)) join(current);
  proxy[setter] = (provider: unknown): void => {
    setDelegate.call(proxy, provider);
    if (isSdkProvider(provider)) join(provider);
  };
}

/** The no-op provider that a proxy answers before an SDK is set has neither processors nor a way to flush. */
function isSdkProvider(provider: unknown): boolean {
  return (
    typeof provider === "object" &&
    provider !== null &&
    typeof (provider as { forceFlush?: unknown }).forceFlush === "function"
  );
}

function unknownShape(kind: string, remedy: string): string {
  return `the ${kind} provider of this process is none of OpenTelemetry JS 2.x or 3.x, so its records get no flags; hand the processor to it yourself: createFlagTelemetry(), then ${remedy}`;
}
