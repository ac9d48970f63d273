/** An event of a stream, its data parsed. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Reads so many events of an event stream, and leaves. */
export async function readEvents(stream: Response, count: number): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string): string[] =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).trimStart());
      const data = field("data");
      if (data.length > 0)
        events.push({ event: field("event")[0] ?? "message", data: JSON.parse(data.join("\n")) });
    }
    if (events.length >= count) break;
  }
  return events;
}
