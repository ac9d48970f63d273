import { Hono } from "hono";

import { readBody } from "./body.ts";
import { parseTarget } from "./canonical-path.ts";
import type { Cors } from "./cors.ts";
import type { Door } from "./door.ts";
import type { Ask, Gate } from "./gate.ts";
import { renderPage } from "./page.ts";
import { problem } from "./problem.ts";
import { toResponse } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { ROUTES } from "./routes.ts";
import type { Services } from "./services.ts";

/** What the app serves with. */
export interface AppOptions {
  readonly services: Services;
  readonly door: Door;
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
    hono.on(route.method, path, async ({ env, req }) =>
      toResponse(await options.door.serve(route, env.ask, (maxBytes) => readBody(req.raw, maxBytes))),
    );
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

function preflight(cors: Cors, origin: string | undefined): Reply {
  const headers = cors.preflight(origin);
  return headers === undefined ? { status: 403, headers: { vary: "Origin" } } : { status: 204, headers };
}

async function servePage(ask: Ask, { services, gate, pages }: AppOptions): Promise<Reply> {
  const admission = await gate.admit(ask, pages === "open" ? "public" : ["admin"]);
  if (!admission.ok) return admission.reply;
  return renderPage(services, pages === "open" ? undefined : admission.principal);
}
