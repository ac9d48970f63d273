/** One event as it came. */
export interface ReceivedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** A stream being read. */
export interface EventReader {
  readonly response: Response;
  /** The next event; comments and `retry:` lines are passed over. `undefined` when the stream has ended. */
  next(): Promise<ReceivedEvent | undefined>;
  close(): void;
}

/** Opens an event stream; rejects nothing, so that a refusal can be looked at. */
export async function openEvents(
  url: URL | string,
  headers: Record<string, string> = {},
): Promise<EventReader> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  return {
    response,
    async next() {
      for (;;) {
        const end = buffer.indexOf("\n\n");
        if (end === -1) {
          const chunk = await reader?.read().catch(() => undefined);
          if (chunk === undefined || chunk.done) return undefined;
          buffer += chunk.value;
          continue;
        }
        const lines = buffer.slice(0, end).split("\n");
        buffer = buffer.slice(end + 2);
        const read = (name: string): readonly string[] =>
          lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
        const data = read("data");
        if (data.length > 0)
          return { event: read("event")[0] ?? "message", id: read("id")[0], data: data.join("\n") };
      }
    },
    close: () => abort.abort(),
  };
}
