import { describeDuration } from "../plan/duration.ts";
import type { GuardrailView, RolloutView } from "../rollouts/rollout-view.ts";

/** Writes a rollout's report as Markdown, for a ticket or a retrospective; the same facts as the view, in words and tables. */
export function renderReport(view: RolloutView): string {
  const sections = [
    `# Rollout of ${view.flag}: ${view.status}`,
    renderSummary(view),
    "## Stages",
    renderStages(view),
    "## Guardrails",
    ...view.guardrails.map(renderGuardrail),
    `- sample ratio: ${view.sampleRatio.text} (anytime p ${formatP(view.sampleRatio.anytimeP)})`,
    "## From the first bad user to everybody being off",
    renderDelay(view),
    "## Timeline",
    ...view.timeline.map((entry) => `- ${entry.at} [${entry.stage}] ${entry.status}: ${entry.text}`),
    ...(view.followUps.length === 0
      ? []
      : ["## Follow-ups", ...view.followUps.map((item) => `- [ ] ${item}`)]),
  ];
  return `${sections.join("\n").replaceAll(/\n(## [^\n]*)/g, "\n\n$1\n")}\n`;
}

function renderSummary(view: RolloutView): string {
  const lines = [
    "",
    `${view.id} in ${view.set}, created by ${view.createdBy} at ${view.createdAt}, stage ${view.stage}, run ${view.run + 1}.`,
  ];
  if (view.breach !== null)
    lines.push(`**${view.breach.guardrail} breached** in ${view.breach.stage}: ${view.breach.text}.`);
  lines.push(`Users harmed beyond control's rate: **${view.unitsHarmed}**.`);
  if (view.obstacle !== null) lines.push(`Obstacle: ${view.obstacle}`);
  if (view.dropped > 0)
    lines.push(`${view.dropped} reports were dropped because a bound bit; counts are lower ends.`);
  return lines.join("\n\n");
}

function renderStages(view: RolloutView): string {
  const outcomes = [...new Set(view.stages.flatMap((stage) => Object.keys(stage.bad)))].sort();
  const header = [
    "stage",
    "treated share",
    "exposed: treated",
    "control",
    ...outcomes.flatMap((name) => [`${name}: treated`, "control"]),
  ];
  const rows = view.stages.map((stage) => [
    stage.name,
    `${(stage.share * 100).toFixed(1)} %`,
    String(stage.exposed.treatment),
    String(stage.exposed.control),
    ...outcomes.flatMap((name) => [
      String(stage.bad[name]?.treatment ?? 0),
      String(stage.bad[name]?.control ?? 0),
    ]),
  ]);
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function renderGuardrail(guardrail: GuardrailView): string {
  const parts = [guardrail.text];
  if (guardrail.rateRatio !== undefined) {
    const { estimate, lower, upper } = guardrail.rateRatio;
    parts.push(
      `rate ratio ${estimate === null ? "unknown" : estimate.toFixed(2)} (95 % at every look: ${lower.toFixed(2)} to ${upper === null ? "unbounded" : upper.toFixed(2)})`,
    );
  }
  if (guardrail.anytimeP !== undefined) parts.push(`anytime p ${formatP(guardrail.anytimeP)}`);
  return `- ${guardrail.id}: ${parts.join("; ")}`;
}

function renderDelay(view: RolloutView): string {
  const { delay, propagation } = view;
  const time = (ms: number | null): string => (ms === null ? "not known" : describeDuration(ms));
  return [
    `- evidence: first bad treated user to decision ${time(delay.firstBadToDecisionMs)}`,
    `- publishing: decision to published ${time(delay.decisionToPublishedMs)}`,
    `- propagation: published to last connected instance ${time(delay.publishedToEverywhereMs)}` +
      (propagation === null
        ? ""
        : ` (${propagation.applied} of ${propagation.connected} applied revision ${propagation.revision})`),
    `- decision to everywhere: ${time(delay.decisionToEverywhereMs)}`,
  ].join("\n");
}

function formatP(p: number): string {
  return p < 0.0001 ? p.toExponential(1) : p.toFixed(4);
}
