export { createWebFlagTelemetry } from "./web-flag-telemetry.ts";
export type { WebFlagTelemetry } from "./web-flag-telemetry.ts";
export type { WebFlagTelemetryOptions } from "./options.ts";

export type { FlagHook, FlagHookContext, FlagHookDetails } from "../hook/flag-hook.ts";
export type { EvaluationEventPolicy } from "../hook/evaluation-event.ts";
export type { Tag, TagMapper, TagNaming, TagValue } from "../naming/tag-naming.ts";
export type { FlagLogRecordProcessor, FlagSpanProcessor, SdkLogRecord, SdkSpan } from "../otel/sdk-shapes.ts";
export type { SubjectContext } from "../privacy/subject.ts";
export type { DropReason } from "../health/drop-counts.ts";
export type { FetchLike } from "../fast-lane/sender.ts";
export type { LoggerLike, LoggerProviderLike } from "../otel/global-loggers.ts";
