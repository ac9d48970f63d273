import type { Explanation, ExplanationStep } from "@flagspan/ruleset";
import { printCodeFrame } from "../../ruleset-input/code-frame.ts";
import type { OpenedRuleset } from "../../ruleset-input/open-ruleset.ts";
import { asText } from "../../ruleset-input/print-issue.ts";

/** Prints an explanation for people: the answer, the rule in the file, and every step with what it saw. */
export function printExplanation(explanation: Explanation, opened: OpenedRuleset): string {
  const { flagKey, evaluation, rule, steps, omittedSteps } = explanation;
  const value = evaluation.value === undefined ? "the code default" : JSON.stringify(evaluation.value);
  const variant = evaluation.variant === undefined ? "" : ` (variant ${evaluation.variant})`;
  const lines = [asText(`${flagKey} → ${value}${variant}, reason ${evaluation.reason}`)];
  if (evaluation.errorCode !== undefined) {
    lines.push(asText(`  ${evaluation.errorCode}: ${evaluation.errorMessage ?? "no details"}`));
  }
  lines.push(
    `  ${explanation.decidedBy === "flag" ? explainFlag(evaluation.reason) : deciders[explanation.decidedBy]}`,
  );
  if (rule !== undefined) {
    const [place] = opened.locate([{ code: "invalid-flag", severity: "warning", path: rule, message: "" }]);
    if (place?.line !== undefined) {
      lines.push(`  at ${opened.file}:${place.line}:${place.column ?? 1}`);
      lines.push(printCodeFrame(opened.lines, { line: place.line, column: place.column ?? 1 }));
    }
  }
  if (steps.length > 0) lines.push("", "steps, inner ones first:");
  for (const step of steps) lines.push(...printStep(step).map((line) => asText(line)));
  if (omittedSteps > 0) lines.push(`  … and ${omittedSteps} more`);
  return `${lines.join("\n")}\n`;
}

const deciders: Readonly<Record<Exclude<Explanation["decidedBy"], "flag">, string>> = {
  targeting: "a rule of its targeting decided",
  default: "no rule decided, so the default variant counts",
  error: "the flag cannot answer, so the caller's code default counts",
};

function explainFlag(reason: string): string {
  if (reason === "DISABLED") return "the flag is disabled, so the caller's code default counts";
  if (reason === "STATIC") return "the flag has no targeting, so its default variant counts";
  return "the flag has no default variant, so the caller's code default counts";
}

function printStep(step: ExplanationStep): readonly string[] {
  const seen = step.arguments === undefined ? "" : ` saw ${brief(step.arguments)}`;
  const line = `  ${step.operator}${seen} → ${brief(step.answer)}`;
  if (step.bucket === undefined) return [line];
  const { bucketBy, hash, bucket, total, from, to } = step.bucket;
  return [
    line,
    `      bucket ${bucket} of ${total} is in [${from}, ${to}); hash ${hash} of ${JSON.stringify(bucketBy)}`,
  ];
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
