export { memoryProvider, MemoryProvider } from "./memory-provider.ts";
export type { TestFlags } from "./memory-provider.ts";
export { withOverrides } from "./overrides.ts";
export type { OverrideOptions } from "./overrides.ts";
export { faultySource } from "./faulty-source.ts";
export type { Fault, FaultySource } from "./faulty-source.ts";
