import { createParser } from "eventsource-parser";

/** One event of a `text/event-stream`. */
export interface StreamEvent {
  /** `message` when the server named none. */
  readonly type: string;
  readonly data: string;
  /** The last `id:` seen on the stream so far; empty when there was none or it was reset. */
  readonly lastEventId: string;
}

export interface EventReaderOptions {
  readonly event: (event: StreamEvent) => void;
  /** The server's `retry:`, in milliseconds, not clamped. */
  readonly retry?: (delayMs: number) => void;
  readonly comment?: (text: string) => void;
  /** The id to begin with, from an earlier connection. */
  readonly lastEventId?: string;
  /** Longest event in characters. */
  readonly maxEventLength: number;
  /** Called once when an event is longer; nothing is read afterwards. */
  readonly overflow: () => void;
}

/** Reads the bytes of one connection. An event that is not complete when the connection ends is discarded. */
export interface EventReader {
  push(bytes: Uint8Array): void;
  readonly lastEventId: string;
}

/** Creates a reader that follows the HTML standard's event stream interpretation (§9.2.6), whatever the chunking. */
export function createEventReader(options: EventReaderOptions): EventReader {
  const decoder = new TextDecoder();
  let lastEventId = options.lastEventId ?? "";
  let spent = false;
  const parser = createParser({
    maxBufferSize: options.maxEventLength,
    onEvent: (event) => {
      if (spent) return;
      if (event.id !== undefined && !event.id.includes("\0")) lastEventId = event.id;
      options.event({ type: event.event ?? "message", data: event.data, lastEventId });
    },
    onRetry: (delayMs) => options.retry?.(delayMs),
    onComment: (text) => options.comment?.(text),
    onError: (error) => {
      // Unknown fields and bad `retry:` values are to be ignored (§9.2.6); only the size limit ends the reading.
      if (error.type !== "max-buffer-size-exceeded" || spent) return;
      spent = true;
      options.overflow();
    },
  });
  return {
    push: (bytes) => {
      if (spent) return;
      parser.feed(decoder.decode(bytes, { stream: true }));
    },
    get lastEventId() {
      return lastEventId;
    },
  };
}
