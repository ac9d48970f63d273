import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { withBody } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { rolloutBody } from "./schemas.ts";
import type { Decider, DeciderActor, DeciderAnswer, RolloutVerb } from "./services.ts";

const READERS = ["write", "kill", "admin"] as const;
/** What only slows a rollout down or stops it; a kill key may do that. */
const BRAKES = ["pause", "abort", "dial-down"] as const;
const MOVES = ["start", "resume", "approve"] as const;

/** Rollout plans and their state, run by the guard. */
export const ROLLOUT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/rollouts",
    summary: "All rollouts and their state",
    permission: READERS,
    answers: "{ rollouts }",
    handle: (call) => withDecider(call, async (decider) => json(200, { rollouts: await decider.list() })),
  },
  withBody(rolloutBody, {
    method: "POST",
    path: "/v1/rollouts",
    summary: "Hand in a rollout plan",
    permission: ["write"],
    answers: "{ rollout }",
    handle: (call) =>
      withDecider(call, async (decider) => toReply(await decider.create(call.body, actorOf(call)), 201)),
  }),
  {
    method: "GET",
    path: "/v1/rollouts/{id}",
    summary: "One rollout",
    permission: READERS,
    answers: "{ rollout }",
    handle: (call) =>
      withDecider(call, async (decider) => {
        const rollout = await decider.get(call.name);
        return rollout === undefined
          ? problem(404, `there is no rollout ${call.name}`)
          : json(200, { rollout });
      }),
  },
  ...[...BRAKES, ...MOVES].map((verb) =>
    withBody(rolloutBody, {
      method: "POST",
      path: `/v1/rollouts/{id}/${verb}`,
      summary: `Tell a rollout to ${verb}`,
      permission: BRAKES.some((brake) => brake === verb) ? ["write", "kill"] : ["write"],
      answers: "{ rollout }",
      handle: (call) => act(call, verb),
    }),
  ),
];

function act(call: Call<unknown>, verb: RolloutVerb): Promise<Reply> {
  return withDecider(call, async (decider) =>
    toReply(await decider.act(call.name, verb, call.body, actorOf(call))),
  );
}

async function withDecider(call: Call<unknown>, use: (decider: Decider) => Promise<Reply>): Promise<Reply> {
  const { decider } = call.services;
  if (decider === undefined) return problem(503, "this control runs without a guard: no rollouts here");
  return use(decider);
}

function actorOf({ principal }: Call<unknown>): DeciderActor {
  if (principal === undefined) return { id: "control", type: "system", scopes: [], sets: [] };
  const sets = principal.sets === "*" ? "*" : [...principal.sets];
  return { ...principal.actor, scopes: [...principal.scopes], sets };
}

function toReply(answer: DeciderAnswer, status = 200): Reply {
  if (answer.ok) return json(status, { rollout: answer.rollout });
  const issues = answer.issues === undefined ? {} : { issues: answer.issues };
  return problem(answer.status, answer.problem, issues);
}
