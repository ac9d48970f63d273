export { createFlagTelemetry } from "./flag-telemetry.ts";
export type { FlagTelemetry } from "./flag-telemetry.ts";
export type { FlagTelemetryOptions } from "./options.ts";

export { activeFlags, withFlagScope } from "./scope/active-scope.ts";
export { pinoFlagMixin } from "./loggers/pino-mixin.ts";
export type { LoggerFieldOptions } from "./loggers/pino-mixin.ts";
export { winstonFlagFormat } from "./loggers/winston-format.ts";
export type { WinstonFlagFormat } from "./loggers/winston-format.ts";
export { recordUnsampled } from "./sampling/record-unsampled.ts";
export type { SamplerLike } from "./sampling/record-unsampled.ts";

export type { FlagHook, FlagHookContext, FlagHookDetails } from "./hook/flag-hook.ts";
export type { EvaluationEventPolicy } from "./hook/evaluation-event.ts";
export type { Tag, TagMapper, TagNaming, TagValue } from "./naming/tag-naming.ts";
export type { Binding } from "./processors/span-processor.ts";
export type { FlagLogRecordProcessor, FlagSpanProcessor, SdkLogRecord, SdkSpan } from "./otel/sdk-shapes.ts";
export type { TrustBaggage } from "./propagation/flag-propagator.ts";
export type { SubjectContext, SubjectKey } from "./privacy/subject.ts";
export type { EndedRoot } from "./outcomes/is-bad.ts";
export type { DropReason } from "./health/drop-counts.ts";
export type { Clock } from "./otel/clock.ts";
export type { FastLaneRequest, FetchLike } from "./fast-lane/sender.ts";
export type { LoggerLike, LoggerProviderLike } from "./otel/global-loggers.ts";
