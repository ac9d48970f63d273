import type { FlagDefinition } from "@flagspan/ruleset";
import type { FlagAction, Propagation } from "../life/state.ts";
import type { RolloutRecord } from "../rollouts/rollout-record.ts";
import { composeFinished, composeStage, readOwner } from "./compose-flag.ts";
import { ControlError } from "./control-client.ts";
import type { ControlClient, ControlWrite } from "./control-client.ts";

/** What came of an action: published, not yet (try again), or not at all until a human has looked. */
export type ActResult =
  | { readonly ok: true; readonly propagation: Propagation; readonly base?: FlagDefinition }
  | { readonly ok: false; readonly retry: boolean; readonly problem: string };

/**
 * Carries one decided change out through control. Safe to repeat: a kill of a killed flag and a stage that is already there change nothing.
 * `now` is read again after publishing, so that the report can tell deciding from publishing.
 */
export async function act(
  control: ControlClient,
  record: RolloutRecord,
  action: FlagAction,
  now: () => number,
  baseOf: FindBase,
): Promise<ActResult> {
  const { plan, state } = record;
  const decidedMs = state.pendingSinceMs ?? now();
  try {
    const { write, base } = await publish(control, record, action, baseOf);
    return {
      ok: true,
      propagation: {
        revision: write.revision,
        kind: action.kind,
        decidedMs,
        publishedMs: now(),
        connected: 0,
        applied: 0,
        alarmed: false,
      },
      ...(base === undefined ? {} : { base }),
    };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    // A kill is tried until it is done, or there is nothing left to kill.
    const retry =
      error.code === "unavailable" ||
      error.code === "conflict" ||
      (action.kind === "kill" && error.code !== "not-found");
    return { ok: false, retry, problem: `${plan.flagKey}: ${error.message}` };
  }
}

/** The flag as it was before a rollout that is over; nothing for one that lives, or that never touched it. */
type FindBase = (rolloutId: string) => Promise<FlagDefinition | undefined>;

/** The flag without what an aborted rollout left in it, or in what its kill stands before; nothing where there is no such rollout. */
export async function findFreed(
  current: ControlWrite,
  baseOf: FindBase,
): Promise<FlagDefinition | undefined> {
  const owner = readOwner(current.restores ?? current.flag);
  return owner === undefined ? undefined : baseOf(owner);
}

async function publish(
  control: ControlClient,
  record: RolloutRecord,
  action: FlagAction,
  baseOf: FindBase,
): Promise<{ write: ControlWrite; base?: FlagDefinition }> {
  const { plan, state } = record;
  const { flagSetId: set, flagKey: key } = plan;
  if (action.kind === "kill")
    return { write: await control.killFlag(set, key, { reason: action.reason, variant: plan.control }) };
  const current = await control.getFlag(set, key);
  const touched = record.base !== undefined;
  const free = touched ? undefined : await findFreed(current, baseOf);
  // Such a start, and a resume, replace the killed flag by the stage in one write: were it restored first, its users would be treated for a moment.
  const restores =
    current.killed && action.kind === "render" && (free !== undefined || (touched && state.run > 0));
  const flag = free ?? (restores ? (current.restores ?? current.flag) : current.flag);
  const owner = readOwner(flag);
  if (owner !== undefined ? owner !== record.id : touched)
    throw new ControlError(
      "refused",
      owner === undefined
        ? `${key} no longer carries this rollout: somebody changed or killed it. Resume after a look, or abort.`
        : `${key} is being rolled out by ${owner}; one rollout at a time.`,
    );
  if (action.kind === "finish")
    return {
      write: await control.putFlag(set, key, composeFinished(flag), action.reason, current.revision),
    };
  const composed = composeStage(plan, state, flag, record.id, action.stage);
  if (!composed.ok) throw new ControlError("refused", composed.problem);
  const write = restores
    ? await control.restoreFlag(set, key, composed.flag, action.reason, current.revision)
    : await control.putFlag(set, key, composed.flag, action.reason, current.revision);
  return { write, base: record.base ?? flag };
}
