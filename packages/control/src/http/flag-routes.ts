import type { CommandContext } from "../changes/actor.ts";
import type { CommandAnswer } from "../changes/answer.ts";
import { problem } from "./problem.ts";
import { json } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { commandContext, withBody } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { killBody, patchFlagBody, putFlagBody, reasonBody, restoreBody } from "./schemas.ts";

const READERS = ["sync", "write", "kill", "admin"] as const;
const FLAG = "/v1/flags/{set}/{key}";

/** Reading and changing single flags. */
export const FLAG_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/flags/{set}",
    summary: "Every flag of a set, with what stands killed",
    permission: READERS,
    answers: "{ set, revision, flags, killed }",
    async handle({ services, set }) {
      const live = await services.library.get(set);
      if (live === undefined) return unknownSet(set);
      return json(200, {
        set,
        revision: String(live.revision),
        flags: live.document.flags,
        killed: [...live.kills].flatMap(([key, kill]) => (kill.latched ? [key] : [])),
      });
    },
  },
  {
    method: "GET",
    path: FLAG,
    summary: "One flag as it stands",
    permission: READERS,
    answers:
      "{ flag, revision, killed, restores? }; restores is what a restore brings back; the ETag is the revision, for If-Match",
    async handle({ services, set, name }) {
      const live = await services.library.get(set);
      if (live === undefined) return unknownSet(set);
      if (!Object.hasOwn(live.document.flags, name)) {
        return problem(404, `${set} has no flag ${JSON.stringify(name)}`);
      }
      const revision = String(live.revision);
      const restores = await services.commands.readRestored(live, name);
      const body = {
        flag: live.document.flags[name],
        revision,
        killed: live.kills.get(name)?.latched === true,
        ...(restores === undefined ? {} : { restores }),
      };
      return json(200, body, { etag: `"${revision}"` });
    },
  },
  withBody(putFlagBody, {
    method: "PUT",
    path: FLAG,
    summary: "Write a whole flag definition",
    permission: ["write"],
    answers: "{ flag, revision, change }",
    handle: (call) =>
      run(call, call.body.reason, (context) =>
        call.services.commands.putFlag(call.set, call.name, call.body.flag, context),
      ),
  }),
  withBody(patchFlagBody, {
    method: "PATCH",
    path: FLAG,
    summary: "Change parts of a flag (JSON merge patch)",
    permission: ["write"],
    answers: "{ flag, revision, change }",
    handle: (call) =>
      run(call, call.body.reason, (context) =>
        call.services.commands.patchFlag(call.set, call.name, call.body.flag, context),
      ),
  }),
  withBody(reasonBody, {
    method: "DELETE",
    path: FLAG,
    summary: "Remove a flag",
    permission: ["write"],
    answers: "{ revision, change }",
    handle: (call) =>
      run(call, call.body.reason, (context) =>
        call.services.commands.deleteFlag(call.set, call.name, context),
      ),
  }),
  withBody(killBody, {
    method: "POST",
    path: `${FLAG}/kill`,
    summary: "Switch a flag off now, for everyone, a segment or some versions",
    permission: ["kill", "write"],
    answers: "{ flag, revision, change }",
    handle: (call) =>
      run(call, call.body.reason, (context) =>
        call.services.commands.killFlag(call.set, call.name, call.body, context),
      ),
  }),
  withBody(restoreBody, {
    method: "POST",
    path: `${FLAG}/restore`,
    summary: "Undo the standing kill, or replace the killed flag, in one revision",
    permission: ["write"],
    answers: "{ flag, revision, change }",
    handle: (call) =>
      run(call, call.body.reason, (context) =>
        call.services.commands.restoreFlag(call.set, call.name, call.body.flag, context),
      ),
  }),
];

/** 404 for a set nobody has written to. */
export function unknownSet(set: string): Reply {
  return problem(404, `there is no flag set ${JSON.stringify(set)}`);
}

async function run(
  call: Call<unknown>,
  reason: string,
  execute: (context: CommandContext) => Promise<CommandAnswer>,
): Promise<Reply> {
  const context = commandContext(call, reason);
  if (context === undefined) return problem(400, 'If-Match takes a revision in quotes, as in "42"');
  return replyTo(await execute(context), call.name);
}

/** Tells what a command did, or why it was refused. */
export function replyTo(answer: CommandAnswer, flagKey?: string): Reply {
  if (!answer.ok) {
    const { issues, choices } = answer;
    return problem(answer.status, answer.problem, {
      ...(issues === undefined ? {} : { issues }),
      ...(choices === undefined ? {} : { choices }),
    });
  }
  const revision = String(answer.live.revision);
  const flag = flagKey === undefined ? undefined : answer.live.document.flags[flagKey];
  const change = flagKey === undefined ? {} : { change: answer.changes[0] ?? null };
  const body = { ...(flag === undefined ? {} : { flag }), revision, ...change };
  return json(200, flagKey === undefined ? { ...body, changes: answer.changes } : body, {
    etag: `"${revision}"`,
  });
}
