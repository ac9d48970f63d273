import { Hono } from "hono";
import type { Context } from "hono";
import type { z } from "zod";

import { ofrepError } from "../ofrep/answer.ts";
import { isSetName } from "../ruleset/document.ts";
import { parseJson, readBody } from "./body.ts";
import { decodeSegment, parseTarget } from "./canonical-path.ts";
import type { Cors } from "./cors.ts";
import type { Ask, Gate } from "./gate.ts";
import { renderPage } from "./page.ts";
import { problem } from "./problem.ts";
import { toResponse } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { bodyLimitOf } from "./route.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import type { Services } from "./services.ts";

/** What the app serves with. */
export interface AppOptions {
  readonly services: Services;
  readonly gate: Gate;
  readonly cors: Cors;
  /** `open`: anybody may look at the page; `admin`: only an admin key. */
  readonly pages: "open" | "admin";
}

/** A request with what only the adapter knows. */
export interface Origin {
  /** The request target as it came over the wire, before any normalisation. */
  readonly rawTarget?: string;
  readonly address?: string;
}

/** Answers web standard requests. */
export type App = (request: Request, origin?: Origin) => Promise<Response>;

interface Env {
  Bindings: { readonly ask: Ask };
}

/** Builds the app from the table of routes: every route passes the same door, and no other exists. */
export function createApp(options: AppOptions): App {
  const hono = new Hono<Env>({ strict: true, getPath: (request) => rawPath(request) });
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    hono.on(route.method, path, async (context) => toResponse(await serve(route, context, options)));
    if (route.crossOrigin === true) {
      hono.on("OPTIONS", path, (context) =>
        toResponse(preflight(options.cors, context.req.header("origin"))),
      );
    }
  }
  hono.get("/", async (context) => toResponse(await servePage(context.env.ask, options)));
  hono.notFound(() => toResponse(problem(404, "there is no such route; GET /openapi.json lists them all")));
  hono.onError((error) => toResponse(options.services.failed(error)));

  return async (request, origin = {}) => {
    const target = parseTarget(origin.rawTarget ?? rawTarget(request));
    if (target === undefined) return toResponse(problem(400, "the request target is not in canonical form"));
    const ask: Ask = {
      method: request.method,
      target,
      address: origin.address ?? "local",
      header: (name) => request.headers.get(name) ?? undefined,
      headers: () => request.headers.entries(),
    };
    return hono.fetch(request, { ask });
  };
}

function rawTarget(request: Request): string {
  const start = request.url.indexOf("/", request.url.indexOf("://") + 3);
  return start === -1 ? "/" : request.url.slice(start).replace(/#.*$/s, "");
}

function rawPath(request: Request): string {
  return rawTarget(request).replace(/\?.*$/s, "");
}

/** The door every route has: name of the set, gate, body, schema; only then its handler. */
async function serve(route: Route, context: Context<Env>, options: AppOptions): Promise<Reply> {
  const { ask } = context.env;
  const { services, gate, cors } = options;
  const extra = route.crossOrigin === true ? cors.headers(ask.header("origin")) : {};
  const withExtra = (reply: Reply): Reply => ({ ...reply, headers: { ...reply.headers, ...extra } });
  const values = readPath(route.path, ask.target.segments);
  if (values === undefined) return withExtra(problem(400, "the path holds a name that cannot be"));

  const admission = await gate.admit(ask, route.permission, values.set === "" ? undefined : values.set);
  if (!admission.ok) return withExtra(route.ofrep === true ? bare(admission.reply) : admission.reply);

  let bytes: Uint8Array = new Uint8Array(0);
  let body: unknown;
  if (route.body !== undefined) {
    const read = await readBody(context.req.raw, bodyLimitOf(route, services.limits));
    if (!read.ok) {
      const reply =
        route.ofrep === true && read.status !== 415
          ? ofrepError(read.status, "GENERAL", read.detail)
          : problem(read.status, read.detail);
      return withExtra(reply);
    }
    bytes = read.bytes;
    if (route.body !== "bytes") {
      const checked = checkJson(bytes, route.body, services.limits.jsonDepth);
      if (!checked.ok) {
        return withExtra(
          route.ofrep === true
            ? ofrepError(400, checked.kind === "context" ? "INVALID_CONTEXT" : "PARSE_ERROR", checked.detail)
            : problem(checked.kind === "context" ? 422 : 400, checked.detail, { issues: checked.issues }),
        );
      }
      body = checked.value;
    }
  }
  const query = new URLSearchParams(ask.target.query);
  return withExtra(
    await route.handle({ ask, services, principal: admission.principal, ...values, query, body, bytes }),
  );
}

type CheckedJson =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly kind: "json" | "context";
      readonly detail: string;
      readonly issues: readonly unknown[];
    };

function checkJson(bytes: Uint8Array, schema: z.ZodType, maxDepth: number): CheckedJson {
  const parsed = parseJson(bytes.length === 0 ? Buffer.from("{}") : bytes, maxDepth);
  if (!parsed.ok) return { ok: false, kind: "json", detail: parsed.detail, issues: [] };
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: checked.data };
  const issues = checked.error.issues.map(({ path, message }) => ({ path, message }));
  const first = issues[0];
  const detail =
    first === undefined ? "the body does not fit" : `${first.path.join(".") || "body"}: ${first.message}`;
  return { ok: false, kind: "context", detail, issues };
}

function readPath(
  template: string,
  segments: readonly string[],
): { readonly set: string; readonly name: string; readonly tail: string } | undefined {
  const values = { set: "", name: "", tail: "" };
  for (const [index, part] of template.slice(1).split("/").entries()) {
    if (!part.startsWith("{")) continue;
    const value = decodeSegment(segments[index] ?? "");
    if (value === undefined || value === "") return undefined;
    if (part === "{set}") {
      if (!isSetName(value)) return undefined;
      values.set = value;
    } else if (part === "{revision}") values.tail = value;
    else values.name = value;
  }
  return values;
}

/** OFREP knows no body for 401, 403 and 429. */
function bare(reply: Reply): Reply {
  const { "content-type": _type, ...headers } = reply.headers ?? {};
  return { status: reply.status, headers };
}

function preflight(cors: Cors, origin: string | undefined): Reply {
  const headers = cors.preflight(origin);
  return headers === undefined ? { status: 403, headers: { vary: "Origin" } } : { status: 204, headers };
}

async function servePage(ask: Ask, { services, gate, pages }: AppOptions): Promise<Reply> {
  const admission = await gate.admit(ask, pages === "open" ? "public" : ["admin"]);
  if (!admission.ok) return admission.reply;
  return renderPage(services, pages === "open" ? undefined : admission.principal);
}
