import type { FlagChange } from "@flagspan/ruleset/change";

import { reachesSet } from "../keys/key.ts";
import type { Principal } from "../keys/key.ts";
import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import type { Route } from "./route.ts";

const READERS = ["write", "kill", "admin"] as const;
const PAGE = 100;
const MAX_PAGE = 1000;

/** The audit log. */
export const LOG_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/changes",
    summary: "The audit log, newest last",
    permission: READERS,
    query: {
      set: "Only this flag set.",
      flag: "Only this flag.",
      after: "Only entries with a greater number. Default 0: from the start.",
      limit: `Entries a page, at most ${MAX_PAGE}. Default ${PAGE}.`,
    },
    answers: "{ changes: [{ seq, hash, change }], next }; `next` goes into `after` for the following page",
    async handle({ services, principal, query }) {
      const set = query.get("set") ?? undefined;
      const flag = query.get("flag") ?? undefined;
      const after = readNumber(query.get("after"), 0);
      const limit = Math.min(MAX_PAGE, readNumber(query.get("limit"), PAGE) ?? PAGE);
      if (after === undefined || limit < 1) return problem(400, "after and limit are whole numbers");
      if (set !== undefined && principal !== undefined && !reachesSet(principal, set)) {
        return problem(403, "this key does not reach that flag set");
      }
      const entries = await services.store.audit.list({
        ...(set === undefined ? {} : { set }),
        ...(flag === undefined ? {} : { flag }),
        after,
        limit,
      });
      const changes = entries.filter((entry) => maySee(principal, entry.change));
      return json(200, { changes, next: entries.at(-1)?.seq ?? after });
    },
  },
  {
    method: "GET",
    path: "/v1/changes/verify",
    summary: "Walks the chain of hashes of the audit log",
    permission: READERS,
    answers: "{ ok, entries, head } or { ok: false, entries, brokenAt, reason }",
    handle: async ({ services }) => json(200, await services.store.audit.verify()),
  },
];

function maySee(principal: Principal | undefined, change: FlagChange): boolean {
  return principal !== undefined && reachesSet(principal, change.flagSetId);
}

function readNumber(text: string | null, otherwise: number): number | undefined {
  if (text === null) return otherwise;
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
