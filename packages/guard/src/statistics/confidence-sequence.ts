import { rateRatioEvidence } from "./rate-ratio.ts";
import type { Stratum } from "./rate-ratio.ts";

/** A rate ratio with bounds that hold at every look at once; `upper` is infinite while nothing rules large ratios out. */
export interface RateRatio {
  /** Maximum-likelihood rate ratio over the stages; undefined while no bad unit informs it. */
  readonly estimate: number | undefined;
  readonly lower: number;
  readonly upper: number;
}

const widestLog = Math.log(1e6);

/**
 * Returns the rate ratio of treatment to control with a two-sided confidence sequence (default 95 %).
 *
 * The sequence is the set of tolerances the e-process does not reject, half of the error on either side; the upper end comes from the same
 * process with the arms exchanged.
 */
export function estimateRateRatio(strata: readonly Stratum[], confidence = 0.95): RateRatio {
  const informative = strata.filter((stratum) => stratum.share > 0 && stratum.share < 1);
  const treatment = informative.reduce((sum, stratum) => sum + stratum.treatment, 0);
  const control = informative.reduce((sum, stratum) => sum + stratum.control, 0);
  if (treatment + control === 0) return { estimate: undefined, lower: 0, upper: Number.POSITIVE_INFINITY };
  const threshold = Math.log(2 / (1 - confidence));
  const exchanged = informative.map((stratum) => ({
    share: 1 - stratum.share,
    treatment: stratum.control,
    control: stratum.treatment,
  }));
  const upper = lowerBound(exchanged, threshold);
  return {
    estimate: likeliestRatio(informative, treatment, control),
    lower: lowerBound(informative, threshold),
    upper: upper === 0 ? Number.POSITIVE_INFINITY : 1 / upper,
  };
}

/** The smallest tolerance not rejected: evidence falls as the tolerance rises. */
function lowerBound(strata: readonly Stratum[], threshold: number): number {
  const rejected = (log: number): boolean => rateRatioEvidence(strata, Math.exp(log)) >= threshold;
  if (!rejected(-widestLog)) return 0;
  return Math.exp(bisect(-widestLog, widestLog, rejected));
}

function likeliestRatio(strata: readonly Stratum[], treatment: number, control: number): number {
  if (control === 0) return Number.POSITIVE_INFINITY;
  if (treatment === 0) return 0;
  const below = (log: number): boolean => {
    const ratio = Math.exp(log);
    const expected = strata.reduce(
      (sum, s) => sum + ((s.treatment + s.control) * s.share * ratio) / (s.share * ratio + 1 - s.share),
      0,
    );
    return expected < treatment;
  };
  return Math.exp(bisect(-widestLog, widestLog, below));
}

/** Where `holds` turns from true to false between `low` and `high`. */
function bisect(low: number, high: number, holds: (value: number) => boolean): number {
  let [from, to] = [low, high];
  for (let step = 0; step < 80; step += 1) {
    const middle = (from + to) / 2;
    if (holds(middle)) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
