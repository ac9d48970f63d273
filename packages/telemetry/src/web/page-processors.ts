import type { DropCounts } from "../health/drop-counts.ts";
import type { Tag } from "../naming/tag-naming.ts";
import type {
  FlagLogRecordProcessor,
  FlagSpanProcessor,
  SdkLogRecord,
  SdkLogRecordState,
  SdkSpan,
  SdkSpanState,
} from "../otel/sdk-shapes.ts";
import { writeTags } from "../processors/write-tags.ts";

/** What the page's processors are made of. */
export interface PageProcessorParts {
  /** The flags of the page, its session, its browser. */
  readonly tags: () => readonly Tag[];
  readonly drops: DropCounts;
  readonly forceFlush: () => Promise<void>;
  readonly shutdown: () => Promise<void>;
}

type Processors = { readonly spans: FlagSpanProcessor; readonly logs: FlagLogRecordProcessor };

/**
 * Makes the processors that write the page's tags: on spans when they end, so that those open at the evaluation have
 * them (at the start, where the SDK knows no `onEnding`); on log records as they are written.
 */
export function createPageProcessors(parts: PageProcessorParts): Processors {
  const { tags, drops, forceFlush, shutdown } = parts;
  const write = (target: SdkSpan | SdkLogRecord): void => {
    try {
      const state = target as SdkSpanState & SdkLogRecordState;
      const limits = state._spanLimits ?? state._logRecordLimits;
      writeTags(
        target,
        tags(),
        { attributes: state.attributes, count: state._attributesCount, limit: limits?.attributeCountLimit },
        drops,
      );
    } catch {
      drops.count("processor_error");
    }
  };
  return {
    spans: {
      onStart: (span) => {
        const inner = (span as SdkSpanState)._spanProcessor;
        if (inner !== undefined && typeof inner.onEnding !== "function") write(span);
      },
      onEnding: write,
      onEnd: () => undefined,
      forceFlush,
      shutdown,
    },
    logs: { onEmit: write, enabled: () => false, forceFlush, shutdown },
  };
}
