import type { SdkSpan } from "../otel/sdk-shapes.ts";

/** What an exporter is told about the end of an export: code 0 is success. */
type ExportDone = (result: { readonly code: number }) => void;

/** A span or log record as the SDK hands it out: what a test looks at. */
export interface Recorded {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Keeps what it is given, in order, in place of sending it. */
export interface MemoryExporter<Record extends Recorded> {
  /** Everything received since the last `reset`. */
  readonly records: readonly Record[];
  /** Forgets everything received. */
  reset(): void;
  export(records: readonly Record[], done: ExportDone): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What is read of a span that ended. */
export interface RecordedSpan extends Recorded {
  readonly name: string;
  readonly status: { readonly code: number };
}

/** What is read of a log record. */
export interface RecordedLog extends Recorded {
  readonly body?: unknown;
  readonly eventName?: string | undefined;
}

/** A span exporter that is its own processor: hand `processor` to `spanProcessors`, or the exporter to one of yours. */
export interface MemorySpanExporter extends MemoryExporter<RecordedSpan> {
  readonly processor: {
    onStart(span: SdkSpan): void;
    onEnd(span: RecordedSpan): void;
    forceFlush(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

/** A log exporter that is its own processor: hand it to the logger provider after the tagging one. */
export interface MemoryLogExporter extends MemoryExporter<RecordedLog> {
  readonly processor: {
    onEmit(record: RecordedLog): void;
    forceFlush(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

/** Makes an exporter that keeps spans in memory. Its `processor` fits OpenTelemetry 2.x and 3.x, whose constructors differ. */
export function memorySpanExporter(): MemorySpanExporter {
  const exporter = memoryExporter<RecordedSpan>();
  return {
    ...exporter,
    processor: {
      ...lifecycle,
      onStart: () => undefined,
      onEnd: (span) => exporter.export([span], () => undefined),
    },
  };
}

/** Makes an exporter that keeps log records in memory. */
export function memoryLogExporter(): MemoryLogExporter {
  const exporter = memoryExporter<RecordedLog>();
  return {
    ...exporter,
    processor: { ...lifecycle, onEmit: (record) => exporter.export([record], () => undefined) },
  };
}

const lifecycle = {
  forceFlush: (): Promise<void> => Promise.resolve(),
  shutdown: (): Promise<void> => Promise.resolve(),
};

function memoryExporter<Record extends Recorded>(): MemoryExporter<Record> {
  const records: Record[] = [];
  return {
    ...lifecycle,
    records,
    reset: () => {
      records.length = 0;
    },
    export: (received, done) => {
      records.push(...received);
      done({ code: 0 });
    },
  };
}
