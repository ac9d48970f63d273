import type { StageObservations } from "../observations/observations.ts";
import type { Plan } from "../plan/plan.ts";

/** Bounds watched while a plan is ready and its `slow` bounds are to be learned, in milliseconds. */
export const boundLadder: readonly number[] = [
  25, 40, 63, 100, 160, 250, 400, 630, 1000, 1600, 2500, 4000, 6300, 10_000,
];

const fewestUnits = 100;

/** Returns the bounds a plan gives itself, ascending; undefined if a `slow` guardrail has none and they are to be learned. */
export function givenBounds(plan: Plan): readonly number[] | undefined {
  const given = plan.guardrails.flatMap((guardrail) =>
    guardrail.kind === "ratio" || guardrail.kind === "limit" ? guardrail.overMs : [],
  );
  const unknown = plan.guardrails.some(
    (guardrail) =>
      guardrail.kind === "ratio" && guardrail.outcome === "slow" && guardrail.overMs.length === 0,
  );
  return unknown ? undefined : [...new Set(given)].sort((a, b) => a - b);
}

/**
 * Returns the two bounds nearest control's p90 and p99 from what the watch at 0 % saw: the smallest bounds that at most 10 % and 1 % of the units
 * exceeded. Undefined while fewer than 100 units were seen.
 */
export function learnBounds(
  watch: StageObservations | undefined,
  sample: number,
): readonly number[] | undefined {
  const units = watch?.exposed.control ?? 0;
  if (watch === undefined || units * sample < fewestUnits) return undefined;
  const smallest = (share: number): number =>
    boundLadder.find((bound) => (watch.outcomes[`slow:${bound}`]?.sampled.control ?? 0) <= share * units) ??
    (boundLadder.at(-1) as number);
  return [...new Set([smallest(0.1), smallest(0.01)])];
}
