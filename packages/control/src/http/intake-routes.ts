import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Call, Route } from "./route.ts";

/** What comes from outside: OTLP from apps and collectors, webhooks from other vendors. */
export const INTAKE_ROUTES: readonly Route[] = [
  ...(["logs", "traces", "metrics"] as const).map((signal): Route => ({
    method: "POST",
    path: `/v1/${signal}`,
    summary: `OTLP/HTTP ${signal}, JSON or protobuf`,
    // A page's key may tell what went wrong, too: the guard hears with which scopes, and takes it as a signal only.
    permission: signal === "logs" ? ["telemetry", "evaluate"] : ["telemetry"],
    body: "bytes",
    bodyLimit: "otlpBytes",
    answers: "the OTLP export response",
    ...(signal === "logs" ? { crossOrigin: true } : {}),
    handle: (call) => acceptOtlp(call, signal),
  })),
  {
    method: "POST",
    path: "/hooks/{vendor}",
    summary: "A vendor's webhook; the vendor signs it, so it needs no key",
    permission: "public",
    body: "bytes",
    answers: "what the vendor expects, after its changes are on disk",
    async handle({ ask, services, name, query, bytes }) {
      if (services.webhooks === undefined) return problem(404, "this control takes no webhooks");
      const answer = await services.webhooks.receive({
        vendor: name,
        headers: headersOf(ask),
        rawBody: bytes,
        query: Object.fromEntries(query),
      });
      if (answer.changes.length > 0) await services.store.audit.append(answer.changes);
      if (answer.unknown !== undefined)
        await services.unknownEvents.keep(name, answer.unknown, bytes, answer.unknownEvents);
      if (answer.alerts !== undefined && answer.alerts.length > 0) services.onAlerts(answer.alerts);
      return {
        status: answer.status,
        headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
        ...(answer.body === undefined ? {} : { body: answer.body }),
      };
    },
  },
  {
    method: "GET",
    path: "/hooks/unknown",
    summary: "Genuine webhooks that nobody here understood: the newest of each vendor, without credentials",
    permission: ["admin"],
    query: { vendor: "Only this vendor. Default: all that ever sent one." },
    answers:
      "{ vendors: [{ vendor, count, dropped, events: [{ seq, receivedAt, unknown, bytes, body, replay }] }] }",
    async handle({ services, principal, query }) {
      // A vendor's project is no flag set of ours: who may see one set must not read of another's here.
      if (principal?.sets !== "*") return problem(403, "this is for admin keys that reach every set (*)");
      return json(200, { vendors: await services.unknownEvents.read(query.get("vendor") ?? undefined) });
    },
  },
];

async function acceptOtlp(
  { ask, services, principal, bytes }: Call<unknown>,
  signal: "logs" | "traces" | "metrics",
): Promise<Reply> {
  if (services.otlp === undefined) return problem(404, `this control takes no OTLP ${signal}`);
  const answer = await services.otlp.accept({
    signal,
    contentType: ask.header("content-type") ?? "",
    body: bytes,
    scopes: [...(principal?.scopes ?? [])],
    ...(principal === undefined ? {} : { keyId: principal.keyId }),
  });
  return {
    status: answer.status,
    headers: { "content-type": answer.contentType, "cache-control": "no-store" },
    body: typeof answer.body === "string" ? answer.body : new Uint8Array(answer.body),
  };
}

function headersOf(ask: Call<unknown>["ask"]): Readonly<Record<string, string>> {
  return Object.fromEntries(ask.headers());
}
