import type { IncomingMessage, ServerResponse } from "node:http";

import { ofrepError } from "../ofrep/answer.ts";
import { isSetName } from "../ruleset/document.ts";
import { parseJson } from "./body.ts";
import type { Cors } from "./cors.ts";
import type { Ask, Gate } from "./gate.ts";
import { writeReply } from "./node.ts";
import type { RawHandler } from "./node.ts";
import { answerBulk } from "./ofrep-routes.ts";
import { problem } from "./problem.ts";
import type { Reply } from "./reply.ts";
import { acknowledge, answerRuleset } from "./ruleset-routes.ts";
import { appliedBody, ofrepBody } from "./schemas.ts";
import type { Services } from "./services.ts";

/**
 * The requests that come by the thousand, answered without building `Request` and `Response` objects.
 *
 * They pass the same gate and call the same functions as the table's rows for them; only the transport differs
 * (`test/control/http/hot-routes.test.ts` holds both to the same answers). Anything unusual goes to the app.
 */
export function createHotRoutes(services: Services, gate: Gate, cors: Cors): RawHandler {
  return (ask, request, response) => {
    const { segments } = ask.target;
    if (ask.method === "GET" && segments.length === 3 && segments[0] === "v1" && segments[1] === "rulesets") {
      const set = segments[2] ?? "";
      const live = isSetName(set) ? services.library.peek(set) : undefined;
      if (live === undefined) return false;
      settle(services, response, serveRuleset(services, gate, ask, set));
      return true;
    }
    if (
      ask.method === "POST" &&
      segments.length === 4 &&
      segments[1] === "rulesets" &&
      segments[3] === "applied"
    ) {
      const set = segments[2] ?? "";
      if (segments[0] !== "v1" || !isSetName(set) || services.library.peek(set) === undefined) return false;
      if (request.headers["content-encoding"] !== undefined) return false;
      settle(services, response, serveApplied(services, gate, ask, set, request));
      return true;
    }
    if (ask.method === "POST" && ask.target.path === "/ofrep/v1/evaluate/flags") {
      if (request.headers["content-encoding"] !== undefined) return false;
      settle(services, response, serveBulk(services, gate, cors, ask, request));
      return true;
    }
    return false;
  };
}

function settle(services: Services, response: ServerResponse, work: Promise<Reply>): void {
  work.then(
    (reply) => writeReply(response, reply),
    (error: unknown) => writeReply(response, services.failed(error)),
  );
}

async function serveRuleset(services: Services, gate: Gate, ask: Ask, set: string): Promise<Reply> {
  const admission = await gate.admit(ask, ["sync"], set);
  if (!admission.ok) return admission.reply;
  const live = services.library.peek(set);
  if (live === undefined) return problem(404, `there is no flag set ${JSON.stringify(set)}`);
  services.ledger.polled(set, ask.header("user-agent") ?? "unknown");
  return answerRuleset(live, ask.header("if-none-match"), ask.header("accept-encoding"));
}

/** After a toggle every provider acknowledges within a moment: this is the burst behind each change. */
async function serveApplied(
  services: Services,
  gate: Gate,
  ask: Ask,
  set: string,
  request: IncomingMessage,
): Promise<Reply> {
  const admission = await gate.admit(ask, ["sync"], set);
  if (!admission.ok) return admission.reply;
  const bytes = await readBytes(request, services.limits.bodyBytes);
  if (bytes === undefined) {
    discardRest(request);
    return problem(413, `a body here has at most ${services.limits.bodyBytes} bytes`);
  }
  const parsed = parseJson(bytes.length === 0 ? Buffer.from("{}") : bytes, services.limits.jsonDepth);
  if (!parsed.ok) return problem(400, parsed.detail, { issues: [] });
  const checked = appliedBody.safeParse(parsed.value);
  if (!checked.success) {
    const issues = checked.error.issues.map(({ path, message }) => ({ path, message }));
    const first = issues[0];
    return problem(422, `${first?.path.join(".") || "body"}: ${first?.message ?? "does not fit"}`, {
      issues,
    });
  }
  return acknowledge(services, ask, admission.principal?.keyId, set, checked.data);
}

async function serveBulk(
  services: Services,
  gate: Gate,
  cors: Cors,
  ask: Ask,
  request: IncomingMessage,
): Promise<Reply> {
  const extra = cors.headers(ask.header("origin"));
  const withExtra = (reply: Reply): Reply => ({ ...reply, headers: { ...reply.headers, ...extra } });
  const admission = await gate.admit(ask, ["evaluate"]);
  if (!admission.ok) {
    const { "content-type": _type, ...headers } = admission.reply.headers ?? {};
    return withExtra({ status: admission.reply.status, headers });
  }
  const bytes = await readBytes(request, services.limits.bodyBytes);
  if (bytes === undefined) {
    const reply = ofrepError(413, "GENERAL", `a body here has at most ${services.limits.bodyBytes} bytes`);
    discardRest(request);
    return withExtra(reply);
  }
  const parsed = parseJson(bytes.length === 0 ? Buffer.from("{}") : bytes, services.limits.jsonDepth);
  if (!parsed.ok) return withExtra(ofrepError(400, "PARSE_ERROR", parsed.detail));
  const checked = ofrepBody.safeParse(parsed.value);
  if (!checked.success) {
    const first = checked.error.issues[0];
    return withExtra(
      ofrepError(400, "INVALID_CONTEXT", `${first?.path.join(".") || "body"}: ${first?.message ?? ""}`),
    );
  }
  const { query } = ask.target;
  const flagConfigEtag =
    query === "" ? undefined : (new URLSearchParams(query).get("flagConfigEtag") ?? undefined);
  return withExtra(
    await answerBulk(services, ask, admission.principal, flagConfigEtag, checked.data.context ?? {}),
  );
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

/** Reads at most `maxBytes`; more than that is not held, and `undefined` says so. */
function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        chunks.length = 0;
        resolve(undefined);
      } else chunks.push(chunk);
    });
    request.once("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.once("error", reject);
  });
}
