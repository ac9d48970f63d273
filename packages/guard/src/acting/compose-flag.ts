import type { FlagDefinition } from "@flagspan/ruleset";
import { renderRollout, renderSegmentKill } from "@flagspan/ruleset/rollout";
import { boundLadder } from "../life/learn-bounds.ts";
import { nameStage } from "../life/stage-name.ts";
import type { RolloutState } from "../life/state.ts";
import type { Plan } from "../plan/plan.ts";

/** A flag to be written, or why this flag cannot be rolled out so. */
export type ComposedFlag =
  | { readonly ok: true; readonly flag: FlagDefinition }
  | { readonly ok: false; readonly problem: string; readonly issues: readonly unknown[] };

/**
 * Composes the flag definition of a stage (-1: the watch at 0 %): chosen segments so far, the randomised share, the bounds to watch, and in front
 * whatever part of the users somebody switched off meanwhile.
 */
export function composeStage(
  plan: Plan,
  state: RolloutState,
  base: FlagDefinition,
  id: string,
  stage: number,
): ComposedFlag {
  const reached = plan.stages.slice(0, stage + 1);
  const current = plan.stages[stage];
  const rendered = renderRollout(base, {
    rolloutId: id,
    stage: nameStage(plan, stage, state.run),
    treatment: plan.treatment,
    control: plan.control,
    salt: plan.salt ?? id,
    segments: reached.flatMap((entry) => (entry.kind === "segment" ? [entry.segment] : [])),
    percent: current?.kind === "percent" ? current.percent : 0,
    slowMs: stage < 0 ? boundLadder : state.slowMs,
  });
  if (!rendered.ok)
    return {
      ok: false,
      problem: `${plan.flagKey} cannot be rolled out: ${rendered.issues.map((issue) => issue.message).join(" ")}`,
      issues: rendered.issues,
    };
  let flag = rendered.flag;
  for (const part of state.partialKills) {
    const killed = renderSegmentKill(flag, { variant: plan.control, ...part });
    if (!killed.ok)
      return {
        ok: false,
        problem: `no variant ${plan.control} to give to the part that is switched off.`,
        issues: [],
      };
    flag = killed.flag;
  }
  // Chosen users get the twin. While nobody is randomised, telling telemetry that the twin is the treatment lets limits judge them.
  if (current?.kind === "segment")
    flag = { ...flag, metadata: { ...flag.metadata, rolloutTreatment: `${plan.treatment}.fixed` } };
  return { ok: true, flag };
}

/** Returns the rollout a flag says it is in. */
export function readOwner(flag: FlagDefinition): string | undefined {
  const rollout = flag.metadata?.["rollout"];
  return typeof rollout === "string" ? rollout.slice(0, Math.max(0, rollout.indexOf("/"))) : undefined;
}

/** Returns the flag without the metadata that makes telemetry watch it; nobody's answer changes. */
export function composeFinished(flag: FlagDefinition): FlagDefinition {
  const metadata = Object.fromEntries(
    Object.entries(flag.metadata ?? {}).filter(([name]) => !name.startsWith("rollout")),
  );
  return { ...flag, metadata };
}
