import { rateRatioEvidence } from "./rate-ratio.ts";

/** What the planner needs to know of a stage and of the traffic. */
export interface Sensitivity {
  /** Treated share of the stage, 0 to 1. */
  readonly share: number;
  /** Rate ratio to be seen, for example 2 for a doubling. */
  readonly ratio: number;
  readonly tolerate: number;
  /** Error probability the guardrail may spend, see {@link spendAlpha}. */
  readonly alpha: number;
}

/**
 * Returns how many treated units turn bad before the guard sees the given rate ratio, at the median and never below three; infinite where it
 * cannot be seen (nobody or everybody treated, or a ratio within the tolerance).
 */
export function expectTreatedBadUnits(sensitivity: Sensitivity): number {
  const { share, ratio, tolerate, alpha } = sensitivity;
  if (share <= 0 || share >= 1 || ratio <= tolerate) return Number.POSITIVE_INFINITY;
  const threshold = Math.log(1 / alpha);
  const controlPerTreated = (1 - share) / (share * ratio);
  const enough = (treatment: number): boolean =>
    rateRatioEvidence([{ share, treatment, control: treatment * controlPerTreated }], tolerate) >= threshold;
  let high = 1;
  while (!enough(high)) {
    high *= 2;
    if (high > 1e9) return Number.POSITIVE_INFINITY;
  }
  let low = high / 2;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return Math.max(3, Math.ceil(high));
}

/**
 * Returns the seconds until a stage sees the given rate ratio: `newUnitsPerSecond` are newly exposed units of both arms, `badShare` is the share of
 * control units that turn bad (0 to 1).
 */
export function expectDetectionSeconds(
  sensitivity: Sensitivity,
  newUnitsPerSecond: number,
  badShare: number,
): number {
  const treatedBadPerSecond =
    newUnitsPerSecond * sensitivity.share * Math.min(1, badShare * sensitivity.ratio);
  if (treatedBadPerSecond <= 0) return Number.POSITIVE_INFINITY;
  return expectTreatedBadUnits(sensitivity) / treatedBadPerSecond;
}
