import type { EvaluationContext } from "@flagspan/ruleset";

import { reachesSet } from "../keys/key.ts";
import type { Principal } from "../keys/key.ts";
import { ofrepError } from "../ofrep/answer.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import type { Ask } from "./gate.ts";
import type { Reply } from "./reply.ts";
import { originOf } from "./ruleset-routes.ts";
import { withBody } from "./route.ts";
import type { Route } from "./route.ts";
import { ofrepBody } from "./schemas.ts";
import type { Services } from "./services.ts";

/** OFREP 0.3.0. The set is the key's only one, or the one `Flagd-Selector: flagSetId=<set>` names. */
export const OFREP_ROUTES: readonly Route[] = [
  withBody(ofrepBody, {
    method: "POST",
    path: "/ofrep/v1/evaluate/flags",
    summary: "Evaluate every flag for a context",
    permission: ["evaluate"],
    ofrep: true,
    crossOrigin: true,
    hot: true,
    query: { flagConfigEtag: "The revision that caused this fetch; it never turns a 200 into a 304." },
    answers: "{ flags, metadata, eventStreams }; the ETag is a hash of the answer",
    handle: ({ ask, services, principal, query, body }) =>
      answerBulk(services, ask, principal, query.get("flagConfigEtag") ?? undefined, body.context ?? {}),
  }),
  withBody(ofrepBody, {
    method: "POST",
    path: "/ofrep/v1/evaluate/flags/{key}",
    summary: "Evaluate one flag for a context",
    permission: ["evaluate"],
    ofrep: true,
    crossOrigin: true,
    hot: true,
    answers: "{ key, reason, variant, value, metadata }",
    async handle({ ask, services, principal, name, body }) {
      const selecting = selectSet(services, ask, principal);
      const selected = selecting instanceof Promise ? await selecting : selecting;
      if (!selected.ok) return selected.reply;
      return services.ofrep.single(selected.live, name, body.context ?? {});
    },
  }),
];

async function answerBulk(
  services: Services,
  ask: Ask,
  principal: Principal | undefined,
  flagConfigEtag: string | undefined,
  context: EvaluationContext,
): Promise<Reply> {
  const told =
    flagConfigEtag !== undefined && /^[0-9]{1,15}$/.test(flagConfigEtag) ? Number(flagConfigEtag) : 0;
  const selecting = selectSet(services, ask, principal, told);
  const selected = selecting instanceof Promise ? await selecting : selecting;
  if (!selected.ok) return selected.reply;
  const { live } = selected;
  if (told > 0) {
    services.ledger.acknowledge(live.set, {
      kind: "web",
      instance: services.ofrep.instanceOf(live, context),
      // What it was told and what it is answered with may differ: it holds the answer.
      revision: live.revision,
      origin: originOf(principal?.keyId, ask.address),
    });
  } else {
    services.ledger.polled(live.set, ask.header("user-agent") ?? "unknown");
  }
  return services.ofrep.bulk(live, context, { ifNoneMatch: ask.header("if-none-match") });
}

type Selected = { readonly ok: true; readonly live: LiveSet } | { readonly ok: false; readonly reply: Reply };

/** The set an OFREP request is about; at once where it is in memory and new enough. */
function selectSet(
  services: Services,
  ask: Ask,
  principal: Principal | undefined,
  atLeast = 0,
): Selected | Promise<Selected> {
  if (principal === undefined) return { ok: false, reply: { status: 401 } };
  const named = readSelector(ask.header("flagd-selector"));
  if (named !== undefined) return loadSet(services, principal, named, atLeast);
  if (principal.sets !== "*") return loadSet(services, principal, onlyOne([...principal.sets]), atLeast);
  return services.store.rulesets.sets().then((sets) => loadSet(services, principal, onlyOne(sets), atLeast));
}

function loadSet(
  services: Services,
  principal: Principal,
  set: string | undefined,
  atLeast: number,
): Selected | Promise<Selected> {
  if (set === undefined) return { ok: false, reply: ofrepError(400, "GENERAL", WHICH_SET) };
  if (!reachesSet(principal, set)) return { ok: false, reply: { status: 403 } };
  const known = services.library.peek(set);
  if (known !== undefined && known.revision >= atLeast) return { ok: true, live: known };
  return services.library
    .get(set, atLeast)
    .then((live): Selected =>
      live === undefined
        ? { ok: false, reply: ofrepError(400, "GENERAL", `there is no flag set ${JSON.stringify(set)}`) }
        : { ok: true, live },
    );
}

const WHICH_SET = "this key reaches several sets: name one with Flagd-Selector: flagSetId=<set>";

function readSelector(selector: string | undefined): string | undefined {
  return selector === undefined ? undefined : /^\s*flagSetId\s*=\s*(\S+)\s*$/.exec(selector)?.[1];
}

function onlyOne(sets: readonly string[]): string | undefined {
  return sets.length === 1 ? sets[0] : undefined;
}
