import type { ServerResponse } from "node:http";

import { writeReply } from "./node.ts";
import type { Reply } from "./reply.ts";
import type { Services } from "./services.ts";

/** Answers waiting for the end of the turn. */
export interface AnswerQueue {
  add(response: ServerResponse, reply: Reply): void;
}

/**
 * Writes the answers of one turn of the event loop together, at its end.
 *
 * Each write wakes whoever reads; between two requests it has fallen asleep again, and waking it costs as much as the
 * rest of a 304. Measured under load: 1.6 times the 304s and 1.3 times the bulk answers a CPU-second. A server with
 * one request at hand writes at once, after the requests that came in with it were read.
 */
export function createAnswerQueue(failed: Services["failed"]): AnswerQueue {
  let waiting: { readonly response: ServerResponse; readonly reply: Reply }[] = [];

  function flush(): void {
    const ready = waiting;
    waiting = [];
    for (const { response, reply } of ready) {
      try {
        writeReply(response, reply);
      } catch (error) {
        if (response.headersSent) response.destroy();
        else writeReply(response, failed(error));
      }
    }
  }

  return {
    add(response, reply) {
      waiting.push({ response, reply });
      if (waiting.length === 1) setImmediate(flush);
    },
  };
}
