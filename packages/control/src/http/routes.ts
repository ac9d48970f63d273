import { FLAG_ROUTES } from "./flag-routes.ts";
import { INTAKE_ROUTES } from "./intake-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { LOG_ROUTES } from "./log-routes.ts";
import { createOpenApi } from "./openapi.ts";
import { OFREP_ROUTES } from "./ofrep-routes.ts";
import { json } from "./reply.ts";
import { ROLLOUT_ROUTES } from "./rollout-routes.ts";
import type { Route } from "./route.ts";
import { RULESET_ROUTES } from "./ruleset-routes.ts";

const STATE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/healthz",
    summary: "The process is alive",
    permission: "public",
    answers: '{ status: "ok" }',
    handle: async () => json(200, { status: "ok" }),
  },
  {
    method: "GET",
    path: "/readyz",
    summary: "It can serve and write; otherwise 503 and what is missing",
    permission: "public",
    answers: '{ status: "ready" } or { status: "not ready", missing }',
    async handle({ services }) {
      const missing = await services.ready();
      return missing.length === 0
        ? json(200, { status: "ready" })
        : json(503, { status: "not ready", missing }, { "retry-after": "2" });
    },
  },
  {
    method: "GET",
    path: "/openapi.json",
    summary: "This description",
    permission: "public",
    answers: "OpenAPI 3.1",
    handle: async () => json(200, createOpenApi(ROUTES)),
  },
];

/** Every route there is, but the two streams and the page. Exact matches only; what is not here is 404. */
export const ROUTES: readonly Route[] = [
  ...RULESET_ROUTES,
  ...FLAG_ROUTES,
  ...LOG_ROUTES,
  ...ROLLOUT_ROUTES,
  ...OFREP_ROUTES,
  ...INTAKE_ROUTES,
  ...KEY_ROUTES,
  ...STATE_ROUTES,
];
