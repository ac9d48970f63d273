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
): Promise<ActResult> {
  const { plan, state } = record;
  const decidedMs = state.pendingSinceMs ?? now();
  try {
    const { write, base } = await publish(control, record, action);
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
    const retry = action.kind === "kill" || error.code === "unavailable" || error.code === "conflict";
    return { ok: false, retry, problem: `${plan.flagKey}: ${error.message}` };
  }
}

async function publish(
  control: ControlClient,
  record: RolloutRecord,
  action: FlagAction,
): Promise<{ write: ControlWrite; base?: FlagDefinition }> {
  const { plan, state } = record;
  const { flagSetId: set, flagKey: key } = plan;
  if (action.kind === "kill")
    return { write: await control.killFlag(set, key, { reason: action.reason, variant: plan.control }) };
  let current = await control.getFlag(set, key);
  if (current.killed && state.run > 0 && action.kind === "render") {
    await control.restoreFlag(set, key, action.reason);
    current = await control.getFlag(set, key);
  }
  const owner = readOwner(current.flag);
  const touched = record.base !== undefined;
  if (owner !== undefined ? owner !== record.id : touched)
    throw new ControlError(
      "refused",
      owner === undefined
        ? `${key} no longer carries this rollout: somebody changed or killed it. Resume after a look, or abort.`
        : `${key} is being rolled out by ${owner}; one rollout at a time.`,
    );
  if (action.kind === "finish")
    return {
      write: await control.putFlag(set, key, composeFinished(current.flag), action.reason, current.revision),
    };
  const composed = composeStage(plan, state, current.flag, record.id, action.stage);
  if (!composed.ok) throw new ControlError("refused", composed.problem);
  return {
    write: await control.putFlag(set, key, composed.flag, action.reason, current.revision),
    base: record.base ?? current.flag,
  };
}
