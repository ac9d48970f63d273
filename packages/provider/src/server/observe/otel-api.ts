/** The parts of the OpenTelemetry API that are used, by shape: the package itself stays optional. */
interface ObservableResult {
  observe(value: number, attributes?: Readonly<Record<string, string>>): void;
}

/** A meter of either OpenTelemetry JS line. */
export interface MeterLike {
  createHistogram(
    name: string,
    options: { unit: string; description: string },
  ): { record(value: number, attributes?: Readonly<Record<string, string>>): void };
  createCounter(
    name: string,
    options: { unit: string; description: string },
  ): { add(value: number, attributes?: Readonly<Record<string, string>>): void };
  createObservableGauge(
    name: string,
    options: { unit: string; description: string },
  ): {
    addCallback(callback: (result: ObservableResult) => void): void;
    removeCallback(callback: (result: ObservableResult) => void): void;
  };
}

/** A logger of either OpenTelemetry JS line. */
export interface LoggerLike {
  emit(record: {
    eventName: string;
    severityNumber: number;
    timestamp: number;
    body: string;
    attributes: Readonly<Record<string, string | number>>;
  }): void;
}

/** Where `@opentelemetry/api` keeps what is registered: its providers by signal; since 1.10 that includes `logs`. */
const apiKey = Symbol.for("opentelemetry.js.api.1");
/** Where `@opentelemetry/api-logs` 0.x (OpenTelemetry JS 2.x) keeps a function from its version to the provider. */
const apiLogsKey = Symbol.for("io.opentelemetry.js.api.logs");
const scopeName = "@flagspan/provider";

interface ApiGlobals {
  readonly [apiKey]?: {
    readonly metrics?: { getMeter(name: string): MeterLike };
    readonly logs?: { getLogger(name: string): LoggerLike };
  };
  readonly [apiLogsKey]?: (version: number) => { getLogger(name: string): LoggerLike } | undefined;
}

const globals = globalThis as ApiGlobals;

/** The registered meter provider's meter; undefined while none is registered. */
export function findMeter(): MeterLike | undefined {
  return globals[apiKey]?.metrics?.getMeter(scopeName);
}

/** The registered logger provider's logger, on both OpenTelemetry JS lines; undefined while none is registered. */
export function findLogger(): LoggerLike | undefined {
  return (globals[apiKey]?.logs ?? globals[apiLogsKey]?.(1))?.getLogger(scopeName);
}
