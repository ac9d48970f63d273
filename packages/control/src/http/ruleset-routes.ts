import type { RulesetDocument } from "../ruleset/document.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import { replyTo, unknownSet } from "./flag-routes.ts";
import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import type { Ask } from "./gate.ts";
import type { Reply } from "./reply.ts";
import type { Services } from "./services.ts";
import { commandContext, withBody } from "./route.ts";
import type { Route } from "./route.ts";
import { appliedBody, importBody } from "./schemas.ts";

const RULESET = "/v1/rulesets/{set}";

/** Whole rulesets, past ones, and who has applied them. */
export const RULESET_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: RULESET,
    summary: "The whole ruleset in the flagd format; a stock flagd can poll it",
    permission: ["sync"],
    hot: true,
    answers: "the canonical bytes; the strong ETag is their SHA-256",
    handle({ ask, services, set }) {
      const live = services.library.peek(set);
      return live === undefined
        ? services.library.get(set).then((found) => answerRuleset(services, ask, set, found))
        : answerRuleset(services, ask, set, live);
    },
  },
  withBody(importBody, {
    method: "PUT",
    path: RULESET,
    summary: "Import a whole ruleset",
    permission: ["admin"],
    bodyLimit: "rulesetBytes",
    answers: "{ revision, changes }",
    async handle(call) {
      const context = commandContext(call, call.body.reason);
      if (context === undefined) return problem(400, 'If-Match takes a revision in quotes, as in "42"');
      const { flags, $evaluators, metadata } = call.body.ruleset;
      const document: RulesetDocument = {
        flags,
        ...($evaluators === undefined ? {} : { $evaluators }),
        ...(metadata === undefined ? {} : { metadata }),
      };
      return replyTo(await call.services.commands.importRuleset(call.set, document, context));
    },
  }),
  {
    method: "GET",
    path: `${RULESET}/revisions/{revision}`,
    summary: "Any past ruleset, so that answers can be replayed",
    permission: ["sync", "admin"],
    answers: "the canonical bytes of that revision",
    async handle({ ask, services, set, tail }) {
      const revision = /^[1-9][0-9]{0,14}$/.test(tail) ? Number(tail) : 0;
      const past = revision === 0 ? undefined : await services.library.text(set, revision);
      if (past === undefined) return problem(404, `${set} has no revision ${JSON.stringify(tail)}`);
      const etag = `"${past.sha256}"`;
      if (ask.header("if-none-match") === etag) return { status: 304, headers: { etag } };
      return {
        status: 200,
        headers: {
          "content-type": "application/json",
          etag,
          "cache-control": "private, immutable, max-age=31536000",
        },
        body: past.text,
      };
    },
  },
  {
    method: "GET",
    path: `${RULESET}/applied`,
    summary: "Who evaluates from a revision, and who is still behind",
    permission: ["sync", "write", "kill", "admin"],
    query: { revision: "Count those who have this revision or a later one. Default: the newest." },
    answers: "{ revision, connected, applied, instances, polling }",
    async handle({ services, set, query }) {
      const live = await services.library.get(set);
      if (live === undefined) return unknownSet(set);
      const asked = query.get("revision") ?? String(live.revision);
      if (!/^[0-9]{1,15}$/.test(asked)) return problem(400, "revision is a decimal number");
      const report = await services.applied(set, Number(asked));
      return json(200, { ...report, revision: asked, instances: report.instances.map(showInstance) });
    },
  },
  withBody(appliedBody, {
    method: "POST",
    path: `${RULESET}/applied`,
    summary: "A provider says that it evaluates from a revision now",
    permission: ["sync"],
    hot: true,
    answers: "204",
    async handle({ ask, services, set, principal, body }) {
      if ((await services.library.get(set)) === undefined) return unknownSet(set);
      return acknowledge(services, ask, principal?.keyId, set, body);
    },
  }),
];

/** The newest ruleset as bytes, or 304. */
function answerRuleset(
  services: Services,
  ask: Ask,
  set: string,
  live: LiveSet | undefined,
): Reply | Promise<Reply> {
  if (live === undefined) return unknownSet(set);
  services.ledger.polled(set, ask.header("user-agent") ?? "unknown");
  const headers = headersOf(live);
  const ifNoneMatch = ask.header("if-none-match");
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, live.etag)) return { status: 304, headers };
  return answerWhole(live, headers, ask.header("accept-encoding"));
}

const headersOfLive = new WeakMap<LiveSet, Readonly<Record<string, string>>>();

function headersOf(live: LiveSet): Readonly<Record<string, string>> {
  const known = headersOfLive.get(live) ?? {
    etag: live.etag,
    "cache-control": "no-cache",
    "flagspan-unit-secret": Buffer.from(live.unitSecret).toString("base64url"),
    vary: "Accept-Encoding",
  };
  headersOfLive.set(live, known);
  return known;
}

async function answerWhole(
  live: LiveSet,
  headers: Readonly<Record<string, string>>,
  acceptEncoding: string | undefined,
): Promise<Reply> {
  const plain = { ...headers, "content-type": "application/json" };
  if (!/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(acceptEncoding ?? "")) {
    return { status: 200, headers: plain, body: new Uint8Array(live.body) };
  }
  const body = new Uint8Array(await live.gzipped());
  return { status: 200, headers: { ...plain, "content-encoding": "gzip" }, body };
}

/** Weak comparison: a proxy that compresses may have weakened our tag. */
function matches(ifNoneMatch: string, etag: string): boolean {
  return (
    ifNoneMatch === etag || ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)
  );
}

/** Notes that an instance evaluates from a revision. */
function acknowledge(
  services: Services,
  ask: Ask,
  keyId: string | undefined,
  set: string,
  body: { readonly revision: string | number; readonly instance: string },
): Reply {
  services.ledger.acknowledge(set, {
    kind: "server",
    instance: body.instance,
    revision: Number(body.revision),
    origin: originOf(keyId, ask.address),
  });
  return { status: 204 };
}

/** Where a stream or an acknowledgement comes from, to tell that both are the same instance. */
export function originOf(keyId: string | undefined, address: string): string {
  return `${keyId ?? ""} ${address}`;
}

function showInstance<T extends { readonly revision: number }>(
  instance: T,
): Omit<T, "revision"> & { revision: string } {
  return { ...instance, revision: String(instance.revision) };
}
