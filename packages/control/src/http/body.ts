/** What came of reading a body. */
export type BodyResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly status: 400 | 413 | 415; readonly detail: string };

/** The answer to a body that would have to be unpacked first. */
export const ENCODED_BODY: BodyResult = {
  ok: false,
  status: 415,
  detail: "send the body without Content-Encoding",
};

/** The answer to a body whose sender went away. */
export const TRUNCATED_BODY: BodyResult = { ok: false, status: 400, detail: "the body ended early" };

/** The answer to a body over the limit. */
export function bodyTooLarge(maxBytes: number): BodyResult {
  return { ok: false, status: 413, detail: `a body here has at most ${maxBytes} bytes` };
}

/** Reads a body, counting while it comes in: what is over the limit is never held. */
export async function readBody(request: Request, maxBytes: number): Promise<BodyResult> {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") return ENCODED_BODY;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return bodyTooLarge(maxBytes);
  if (request.body === null) return { ok: true, bytes: new Uint8Array(0) };
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.byteLength;
      if (length > maxBytes) {
        chunks.length = 0;
        await reader.cancel();
        return bodyTooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } catch {
    return TRUNCATED_BODY;
  }
  return {
    ok: true,
    bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
  };
}

/** What came of reading JSON. */
export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: 400; readonly detail: string };

/**
 * Parses JSON whose nesting stays within `maxDepth`. The depth is counted on the text before parsing, because
 * `JSON.parse` accepts a million levels and everything recursive after it does not.
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): JsonResult {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (text.length > maxDepth && depthOf(text) > maxDepth) {
    return { ok: false, status: 400, detail: `JSON here nests at most ${maxDepth} levels` };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "not JSON";
    return { ok: false, status: 400, detail: `the body is not JSON: ${reason}` };
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}
