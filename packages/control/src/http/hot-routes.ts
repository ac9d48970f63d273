import type { IncomingMessage, ServerResponse } from "node:http";

import { createAnswerQueue } from "./answer-queue.ts";
import { templateOf } from "./door.ts";
import type { Door } from "./door.ts";
import type { Ask } from "./gate.ts";
import { readIncoming } from "./incoming.ts";
import type { RawHandler } from "./node.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import type { Services } from "./services.ts";

/**
 * The rows of the table that come by the thousand, served without building `Request` and `Response` objects.
 *
 * Only the transport differs: they are the table's rows and pass the table's door (`test/control/http/hot-routes.test.ts`
 * holds both ways to the same answers, byte for byte). Whatever is not exactly one of them goes to the app.
 */
export function createHotRoutes(door: Door, failed: Services["failed"]): RawHandler {
  const answers = createAnswerQueue(failed);
  const rows = ROUTES.filter((route) => route.hot === true).map((route): Row => ({
    route,
    template: templateOf(route),
  }));

  async function serve(
    route: Route,
    ask: Ask,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      answers.add(response, await door.serve(route, ask, (maxBytes) => readIncoming(request, maxBytes)));
    } catch (error) {
      answers.add(response, failed(error));
    }
  }

  return (ask, request, response) => {
    const row = rows.find((candidate) => matches(candidate, ask));
    if (row === undefined) return false;
    void serve(row.route, ask, request, response);
    return true;
  };
}

interface Row {
  readonly route: Route;
  readonly template: readonly string[];
}

function matches({ route, template }: Row, { method, target: { segments } }: Ask): boolean {
  if (route.method !== method || template.length !== segments.length) return false;
  for (let index = 0; index < template.length; index += 1) {
    const part = template[index] ?? "";
    if (part !== segments[index] && !part.startsWith("{")) return false;
  }
  return true;
}
