import { cumulativeStdNormalProbability } from "simple-statistics";
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

/** Rollouts that are played through for a median, fewer where each takes long. */
const mostPlays = 10_001;
const fewestPlays = 1001;
const drawsToSpend = 250_000;
/** Beyond this many units the plays would take long, and the smooth path is scaled instead. */
const mostPlayed = 2000;

/**
 * Returns how many treated units turn bad before the guard sees the given rate ratio, at the median and never below three; infinite where it
 * cannot be seen (nobody or everybody treated, or a ratio within the tolerance). Always the same for the same arguments.
 */
export function expectTreatedBadUnits(sensitivity: Sensitivity): number {
  const { share, ratio, tolerate, alpha } = sensitivity;
  if (share <= 0 || share >= 1 || ratio <= tolerate) return Number.POSITIVE_INFINITY;
  const key = `${share} ${ratio} ${tolerate} ${alpha}`;
  const known = medians.get(key);
  if (known !== undefined) return known;
  const smooth = followSmoothPath(sensitivity);
  const plays = Math.max(fewestPlays, Math.min(mostPlays, Math.round(drawsToSpend / smooth)));
  const median =
    smooth <= mostPlayed ? playMedian(sensitivity, plays) : Math.ceil(smooth * medianPart(alpha));
  if (medians.size >= 1000) medians.clear();
  medians.set(key, median);
  return median;
}

const medians = new Map<string, number>();

/** The units it takes when control units come exactly as often as expected: more than the median, since luck stops the others early. */
function followSmoothPath({ share, ratio, tolerate, alpha }: Sensitivity): number {
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
  return high;
}

/** Plays many rollouts with seeded chance, one treated bad unit after the other, until half of them are killed. */
function playMedian({ share, ratio, tolerate, alpha }: Sensitivity, plays: number): number {
  const threshold = Math.log(1 / alpha);
  const treated = (share * ratio) / (share * ratio + 1 - share);
  const chance = createChance();
  let going = new Float64Array(plays);
  let mostControl = 0;
  for (let treatment = 1; ; treatment += 1) {
    const isEnough = (control: number): boolean =>
      rateRatioEvidence([{ share, treatment, control }], tolerate) >= threshold;
    // The more treated units, the more control units still leave enough evidence: the bound only rises.
    if (treatment >= 3 && isEnough(mostControl)) {
      let step = 1;
      while (isEnough(mostControl + step)) step *= 2;
      for (; step >= 1; step /= 2) if (isEnough(mostControl + step)) mostControl += step;
    }
    const isOver = treatment >= 3 && isEnough(mostControl);
    // How many control units come before the next treated one has a geometric distribution.
    going = going
      .map((control) => control + Math.floor(Math.log(1 - chance()) / Math.log(1 - treated)))
      .filter((control) => !isOver || control > mostControl);
    if (going.length <= plays / 2) return treatment;
  }
}

/** How the median compares with the mean where a random walk with drift first crosses `ln(1/alpha)` (inverse Gaussian, shape half of that). */
function medianPart(alpha: number): number {
  const shape = Math.log(1 / alpha) / 2;
  const below = (part: number): number => {
    const root = Math.sqrt(shape / part);
    return (
      cumulativeStdNormalProbability(root * (part - 1)) +
      Math.exp(2 * shape) * cumulativeStdNormalProbability(-root * (part + 1))
    );
  };
  let [low, high] = [0.01, 1];
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (below(middle) < 0.5) low = middle;
    else high = middle;
  }
  return high;
}

/** Seeded, so that the same question has the same answer. */
function createChance(): () => number {
  let state = 20_261_121;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
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
