export type { Attributes } from "./otlp/index.ts";
