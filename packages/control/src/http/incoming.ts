import type { IncomingMessage } from "node:http";

import { bodyTooLarge, ENCODED_BODY, TRUNCATED_BODY } from "./body.ts";
import type { BodyResult } from "./body.ts";

/** Reads the body of a node request, counting while it comes in: what is over the limit is never held. */
export function readIncoming(request: IncomingMessage, maxBytes: number): Promise<BodyResult> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return Promise.resolve(ENCODED_BODY);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) {
    discardRest(request);
    return Promise.resolve(bodyTooLarge(maxBytes));
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      request.off("data", take);
      discardRest(request);
      resolve(bodyTooLarge(maxBytes));
    };
    request.on("data", take);
    request.once("end", () => {
      const [first] = chunks;
      resolve({
        ok: true,
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks),
      });
    });
    request.once("error", () => resolve(TRUNCATED_BODY));
  });
}

const LINGER_MS = 500;
const LINGER_BYTES = 64 << 20;

/**
 * Reads on without keeping anything, for a moment: cutting the connection at once would reset it, and whoever is
 * still sending would never read why.
 */
function discardRest(request: IncomingMessage): void {
  const { socket } = request;
  let discarded = 0;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > LINGER_BYTES) socket.destroy();
  });
  request.once("end", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
  request.resume();
}
