import type { RolloutView } from "@flagspan/guard";

const barWidth = 24;

/** Writes a rollout as a person reads it: where it stands, what it waits for, and what the guardrails say. */
export function showRollout(view: RolloutView, nowMs: number): string {
  const share = view.percent === null ? "chosen users" : `${view.percent} %`;
  const lines = [
    `${view.flag}  ${view.plan.dryRun ? "DRY RUN, changes nothing: " : ""}${view.status}  ${view.stage} (${share})  ${view.id} in ${view.set}`,
    drawStages(view),
  ];
  if (view.minMs > 0 && !["completed", "killed", "rolled-back"].includes(view.status))
    lines.push(
      `time     ${drawBar(view.elapsedMs / view.minMs)} ${describe(view.elapsedMs)} of ${describe(view.minMs)}`,
    );
  for (const guardrail of view.guardrails)
    lines.push(
      `${guardrail.id.slice(0, 8).padEnd(8)} ${guardrail.progress === undefined ? "" : `${drawBar(guardrail.progress)} `}${guardrail.text}`,
    );
  const stage = view.stages.findLast((entry) => entry.name === view.stage);
  if (stage !== undefined)
    lines.push(`exposed  ${stage.exposed.treatment} treated, ${stage.exposed.control} control`);
  if (view.sensitivity !== null) lines.push(`planner  ${view.sensitivity}`);
  for (const reason of view.reasons) lines.push(`why      ${reason}`);
  if (view.obstacle !== null) lines.push(`obstacle ${view.obstacle}`);
  if (view.propagation !== null) lines.push(`applied  ${describePropagation(view.propagation, nowMs)}`);
  if (view.unitsHarmed > 0) lines.push(`harmed   ${view.unitsHarmed} users beyond control's rate`);
  for (const item of view.followUps) lines.push(`next     ${item}`);
  return `${lines.join("\n")}\n`;
}

/** Writes one line per rollout. */
export function showRollouts(views: readonly RolloutView[]): string {
  if (views.length === 0) return "no rollouts yet; `flagspan rollout start --help` shows how to start one\n";
  const width = Math.max(...views.map((view) => view.id.length));
  return `${views.map((view) => `${view.id.padEnd(width)}  ${view.status.padEnd(17)}  ${view.stage.padEnd(10)}  ${view.reasons[0] ?? ""}`).join("\n")}\n`;
}

function drawStages(view: RolloutView): string {
  const current = view.stage.replace(/\.r\d+$/, "");
  const at = view.plan.stages.findIndex((stage) => stage.name === current);
  return view.plan.stages
    .map((stage, index) =>
      index === at
        ? `[${stage.name}]`
        : index < at || view.status === "completed"
          ? `${stage.name} done`
          : stage.name,
    )
    .join(" > ");
}

function drawBar(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * barWidth);
  return `|${"#".repeat(full)}${".".repeat(barWidth - full)}|`;
}

function describe(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 2
    ? `${Math.round(ms / 1000)} s`
    : minutes < 120
      ? `${minutes} min`
      : `${(minutes / 60).toFixed(1)} h`;
}

function describePropagation(propagation: NonNullable<RolloutView["propagation"]>, nowMs: number): string {
  const { applied, connected, revision, everywhereMs, decidedMs } = propagation;
  if (connected === 0)
    return `revision ${revision}; no stream is connected (who polls has it within the poll interval)`;
  const where = `revision ${revision} by ${applied} of ${connected} connected`;
  if (everywhereMs !== undefined)
    return `${where}, everywhere ${describe(everywhereMs - decidedMs)} after the decision`;
  return `${where}, decided ${describe(nowMs - decidedMs)} ago${propagation.alarmed ? ": NOT everywhere in 10 s" : ""}`;
}
