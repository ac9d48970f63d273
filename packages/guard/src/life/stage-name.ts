import type { Plan } from "../plan/plan.ts";

/** Name on the wire of the watch before the first stage. */
const readyName = "ready";

/**
 * Returns a stage's name on the wire; -1 is the watch before the first stage. Each run has its own names (`10pct`, `10pct.r2`): telemetry reports a
 * unit's first bad outcome once per stage, and reports from before a kill must not count in the run after it.
 */
export function nameStage(plan: Plan, stage: number, run: number): string {
  const name = plan.stages[stage]?.name ?? readyName;
  return run === 0 ? name : `${name}.r${run + 1}`;
}

/** Returns the treated share of every stage of a run by its name on the wire, 0 where nobody is randomised. */
export function listShares(plan: Plan, run: number): ReadonlyMap<string, number> {
  const shares = new Map([[nameStage(plan, -1, run), 0]]);
  for (const [index, stage] of plan.stages.entries())
    shares.set(nameStage(plan, index, run), stage.kind === "percent" ? stage.percent / 100 : 0);
  return shares;
}

/** Returns the segment stages of a run by their names on the wire. */
export function listChosen(plan: Plan, run: number): ReadonlySet<string> {
  return new Set(
    plan.stages.flatMap((stage, index) => (stage.kind === "segment" ? [nameStage(plan, index, run)] : [])),
  );
}
