export { FlagspanProvider } from "./flagspan-provider.ts";
export type { FlagspanProviderOptions } from "./provider-options.ts";
export type { SyncEvaluationOptions } from "./evaluate-sync.ts";
export type { ContextIdScope } from "./resolve.ts";

export { fileSource } from "../source/file-source.ts";
export type { FileSourceOptions } from "../source/file-source.ts";
export { httpSource } from "../source/http-source.ts";
export type { HttpSourceOptions } from "../source/http-source.ts";
export { memorySource } from "../source/memory-source.ts";
export type { MemorySource } from "../source/memory-source.ts";
export { mergedSource } from "../source/merged-source.ts";
export type {
  AppliedChange,
  Layer,
  OpenSource,
  Source,
  SourceEnvironment,
  SourceListener,
  SourceUpdate,
} from "../source/source.ts";

export type { BackoffPolicy } from "../sync/backoff.ts";
export { systemClock } from "../sync/clock.ts";
export type { Clock, Timer } from "../sync/clock.ts";
export type { Failure } from "../sync/failure.ts";
export type { HttpAnswer, HttpClient, HttpClientOptions, HttpRequest } from "../source/http-client.ts";
