import { createKey } from "../keys/key.ts";
import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import { withBody } from "./route.ts";
import type { Route } from "./route.ts";
import { keyBody } from "./schemas.ts";

/** Keys. They reach across sets, so only an admin key for all sets may touch them. */
export const KEY_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/keys",
    summary: "All keys, without their secrets",
    permission: ["admin"],
    answers: "{ keys }",
    async handle({ services, principal }) {
      if (principal?.sets !== "*") return notForAll();
      const keys = await services.store.keys.list();
      return json(200, { keys: keys.map(({ secretSha256: _secret, ...shown }) => shown) });
    },
  },
  withBody(keyBody, {
    method: "POST",
    path: "/v1/keys",
    summary: "Make a key; its token is in this answer and nowhere else",
    permission: ["admin"],
    answers: "{ id, token }",
    async handle({ services, principal, body }) {
      if (principal?.sets !== "*") return notForAll();
      return json(201, await createKey(services.store, body));
    },
  }),
  {
    method: "DELETE",
    path: "/v1/keys/{id}",
    summary: "Revoke a key, at once and for good",
    permission: ["admin"],
    answers: "204",
    async handle({ services, principal, name }) {
      if (principal?.sets !== "*") return notForAll();
      const revoked = await services.store.keys.revoke(name, new Date(services.now()).toISOString());
      return revoked ? { status: 204 } : problem(404, `there is no key ${JSON.stringify(name)}`);
    },
  },
];

function notForAll(): ReturnType<typeof problem> {
  return problem(403, "keys are for admin keys that reach every set (*)");
}
