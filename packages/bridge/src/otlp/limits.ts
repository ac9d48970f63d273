/** Largest payload a decoder looks at, after decompression: four times the collector's default request. */
export const maxPayloadBytes: number = 16 * 1024 * 1024;

/** Most records (log records, spans or data points) taken from one payload. */
export const maxRecords: number = 100_000;

/** Deepest nesting of messages and values that is followed; OTLP itself needs nine. */
export const maxDepth: number = 32;
