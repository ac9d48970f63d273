export { memoryLogExporter, memorySpanExporter } from "./memory-exporters.ts";
export type {
  MemoryExporter,
  MemoryLogExporter,
  MemorySpanExporter,
  Recorded,
  RecordedLog,
  RecordedSpan,
} from "./memory-exporters.ts";
export { flagMatchers } from "./flag-matchers.ts";
export type { FlagMatchers, Verdict } from "./flag-matchers.ts";
export { carriedFlags } from "./carried-flags.ts";
export type { SdkSpan } from "../otel/sdk-shapes.ts";
