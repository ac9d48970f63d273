import { context, metrics, propagation, trace } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import type { Provider } from "@openfeature/server-sdk";
import { logs } from "@opentelemetry/api-logs";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Sampler, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createFlagTelemetry } from "@flagspan/telemetry";
import type {
  Clock,
  FetchLike,
  FlagHookDetails,
  FlagTelemetry,
  FlagTelemetryOptions,
} from "@flagspan/telemetry";

/** A decoded event of the fast lane. */
export interface SentEvent {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId?: string;
  readonly spanId?: string;
}

/** An app with the real SDK 2.x, our telemetry, and a fast lane that ends in memory. */
export interface Rig {
  readonly telemetry: FlagTelemetry;
  readonly tracer: Tracer;
  readonly spans: InMemorySpanExporter;
  readonly logs: InMemoryLogRecordExporter;
  readonly loggerProvider: LoggerProvider;
  /** Everything the fast lane sent, decoded, in order. */
  readonly sent: SentEvent[];
  /** Every body the fast lane sent, as it was. */
  readonly bodies: string[];
  /** Ends an evaluation as OpenFeature would. */
  readonly evaluate: (this: void, flagKey: string, details?: FlagHookDetails, targetingKey?: string) => void;
  close(): Promise<void>;
}

/** Options of a rig, on top of the telemetry's own. */
export interface RigOptions extends FlagTelemetryOptions {
  readonly sampler?: (telemetry: FlagTelemetry) => Sampler;
  readonly before?: readonly SpanProcessor[];
  readonly spanLimits?: {
    readonly attributeCountLimit?: number;
    readonly attributeValueLengthLimit?: number;
  };
}

/** No time passes unless a test says so: a busy machine makes no request slow. */
const stillClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => 0 };

/** Registers everything globally; `close` takes it down again. */
export function createRig(options: RigOptions = {}): Rig {
  const { sampler, before = [], spanLimits, ...telemetryOptions } = options;
  const bodies: string[] = [];
  const sent: SentEvent[] = [];
  const fetch: FetchLike = (_url, init) => {
    bodies.push(init.body);
    sent.push(...decodeFastLane(init.body));
    return Promise.resolve({ ok: true, status: 200 });
  };
  const telemetry = createFlagTelemetry({
    guardEndpoint: "http://guard.test",
    fetch,
    clock: stillClock,
    ...telemetryOptions,
  });
  const spans = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    ...(sampler === undefined ? {} : { sampler: sampler(telemetry) }),
    ...(spanLimits === undefined ? {} : { spanLimits }),
    spanProcessors: [...before, telemetry.spanProcessor, new SimpleSpanProcessor(spans)],
  });
  const records = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({
    processors: [telemetry.logRecordProcessor, new SimpleLogRecordProcessor({ exporter: records })],
  });
  provider.register({
    contextManager: new AsyncLocalStorageContextManager(),
    propagator: telemetry.propagator,
  });
  logs.setGlobalLoggerProvider(loggerProvider);
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  return {
    telemetry,
    tracer: provider.getTracer("app"),
    spans,
    logs: records,
    loggerProvider,
    sent,
    bodies,
    evaluate: (flagKey, details = {}, targetingKey) =>
      evaluated(
        {
          flagKey,
          context: targetingKey === undefined ? {} : { targetingKey },
          providerMetadata: { name: "test-provider" },
        },
        { value: true, variant: "on", reason: "STATIC", ...details },
      ),
    close: async () => {
      await telemetry.shutdown();
      await provider.shutdown();
      await loggerProvider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
      metrics.disable();
      logs.disable();
    },
  };
}

/** A provider that answers flags with fixed details, metadata included (the SDK's in-memory one leaves it out). */
export function fixedProvider(flags: Readonly<Record<string, FlagHookDetails>>): Provider {
  const resolve = (flagKey: string, defaultValue: unknown): never => {
    const details = flags[flagKey] ?? {
      value: defaultValue,
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
      errorMessage: `no flag ${flagKey}`,
    };
    return details as never;
  };
  const answer = (flagKey: string, defaultValue: unknown): Promise<never> =>
    Promise.resolve(resolve(flagKey, defaultValue));
  return {
    metadata: { name: "test-provider" },
    resolveBooleanEvaluation: answer,
    resolveStringEvaluation: answer,
    resolveNumberEvaluation: answer,
    resolveObjectEvaluation: answer,
  };
}

/** Details of an evaluation of a watched flag. */
export function watched(
  unit: string | undefined,
  variant = "on",
  more: FlagHookDetails["flagMetadata"] = {},
): FlagHookDetails {
  return {
    value: variant === "on",
    variant,
    reason: "TARGETING_MATCH",
    flagMetadata: {
      flagSetId: "shop.prod",
      version: "7",
      rollout: "r-42/2",
      rolloutTreatment: "on",
      rolloutControl: "off",
      rolloutSlowMs: "250,900",
      ...(unit === undefined ? {} : { contextId: unit }),
      ...more,
    },
  };
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}
interface OtlpRecord {
  readonly eventName: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
}
interface OtlpLogs {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly OtlpRecord[] }[];
  }[];
}

/** Decodes an OTLP/HTTP JSON logs request. */
export function decodeFastLane(body: string): SentEvent[] {
  const request = JSON.parse(body) as OtlpLogs;
  return request.resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ eventName, traceId, spanId, attributes }) => ({
        eventName,
        ...(traceId === undefined ? {} : { traceId }),
        ...(spanId === undefined ? {} : { spanId }),
        attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, decodeValue(value)])),
      })),
    ),
  );
}

function decodeValue(value: OtlpValue): unknown {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(decodeValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
}
