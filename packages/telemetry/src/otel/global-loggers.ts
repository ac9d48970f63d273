import type { Context } from "@opentelemetry/api";

/** The parts of an OpenTelemetry logger that are used. */
export interface LoggerLike {
  emit(record: {
    eventName?: string;
    timestamp?: [seconds: number, nanos: number];
    observedTimestamp?: [seconds: number, nanos: number];
    severityNumber?: number;
    body?: string;
    attributes?: Record<string, string | number | boolean | string[]>;
    context?: Context;
  }): void;
}

/** The parts of an OpenTelemetry logger provider that are used. */
export interface LoggerProviderLike {
  getLogger(name: string, version?: string): LoggerLike;
}

/** Where `@opentelemetry/api` 1.10 (OpenTelemetry JS 3.x) keeps its globals. */
const apiGlobals = Symbol.for("opentelemetry.js.api.1");
/** Where `@opentelemetry/api-logs` 0.x (OpenTelemetry JS 2.x) keeps its provider; the two never meet. */
const apiLogsGlobal = Symbol.for("io.opentelemetry.js.api.logs");
/** `API_BACKWARDS_COMPATIBILITY_VERSION` of api-logs 0.5x … 0.2xx. */
const apiLogsVersion = 1;

interface Globals {
  [apiGlobals]?: { readonly logs?: unknown; readonly metrics?: unknown };
  [apiLogsGlobal]?: unknown;
}

/**
 * Finds the registered logger provider of either OpenTelemetry line, without importing either's logs API. Undefined
 * until an SDK has registered one, so it must be asked late and again.
 */
export function findLoggerProvider(): LoggerProviderLike | undefined {
  const globals = globalThis as Globals;
  const current = globals[apiGlobals]?.logs;
  if (isLoggerProvider(current)) return current;
  const legacy = globals[apiLogsGlobal];
  if (typeof legacy !== "function") return undefined;
  const provider: unknown = (legacy as (version: number) => unknown)(apiLogsVersion);
  return isLoggerProvider(provider) ? provider : undefined;
}

/** Whether an SDK has registered a meter provider; before that, instruments would be made in vain and for good. */
export function hasMeterProvider(): boolean {
  return (globalThis as Globals)[apiGlobals]?.metrics !== undefined;
}

function isLoggerProvider(candidate: unknown): candidate is LoggerProviderLike {
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    typeof (candidate as Partial<LoggerProviderLike>).getLogger === "function"
  );
}
