import type { Issue } from "../types.ts";

/** Where a rollout stands: whom it chooses, and what share of everyone else gets the treatment. */
export interface RolloutStep {
  /** Without `/`; at most 128 characters, as `stage`. */
  readonly rolloutId: string;
  readonly stage: string;
  /** The variant that is being rolled out. */
  readonly treatment: string;
  /** The variant that everyone else gets. */
  readonly control: string;
  /** Kept over the rollout's whole life, restarts included: it decides who comes first. */
  readonly salt: string;
  /** `$evaluators` names whose users get the treatment because somebody chose them. */
  readonly segments: readonly string[];
  /** Share of everyone else, 0 to 100, with at most three decimals. */
  readonly percent: number;
  /** Latency bounds in milliseconds, over which a unit counts as slow. */
  readonly slowMs?: readonly number[];
}

/** The sum of the weights, always: a rising share then only adds users, in steps of 0.001 %. */
export const TOTAL_WEIGHT = 100_000;

/** The weight of a share in percent; undefined if it is no share or has more than three decimals. */
export function weightOf(percent: number): number | undefined {
  if (!(percent >= 0 && percent <= 100)) return undefined;
  const weight = Math.round(percent * 1000);
  return weight / 1000 === percent ? weight : undefined;
}

/** Checks what a step says by itself, whatever the flag. */
export function checkStep(step: RolloutStep): readonly Issue[] {
  const issues: Issue[] = [];
  const report = (property: keyof RolloutStep, message: string): void => {
    issues.push({ code: "invalid-rollout", severity: "error", path: [property], message });
  };
  for (const property of ["rolloutId", "stage"] as const) {
    if (!isName(step[property]) || step[property].includes("/")) {
      report(
        property,
        `${property} must be 1 to 128 printable characters without "/": it becomes metadata.rollout`,
      );
    }
  }
  if (!isName(step.salt)) report("salt", "salt must be 1 to 128 printable characters; use the rollout's id");
  if (weightOf(step.percent) === undefined) {
    report("percent", `percent must be 0 to 100 with at most three decimals, not ${String(step.percent)}`);
  }
  if (step.treatment === step.control) {
    report("treatment", `treatment and control are both "${step.treatment}"; name two variants`);
  }
  if (step.segments.some((segment) => segment === "")) {
    report("segments", "a segment is the name of an $evaluators entry, not an empty string");
  }
  const bounds = step.slowMs ?? [];
  if (bounds.length > 16 || bounds.some((bound) => !(bound > 0 && Number.isFinite(bound)))) {
    report("slowMs", "slowMs takes up to 16 bounds, each more than 0 milliseconds");
  }
  return issues;
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= 128 && !/\p{Cc}/u.test(text);
}
