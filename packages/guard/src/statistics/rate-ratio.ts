// The evidence that a treatment does harm: a stratified discrete-mixture e-process over the arms of bad units.
//
// Of all units that turned bad in a stage whose treated share is `share`, a harmless change leaves the share of the treated ones at `share`
// whatever the traffic, the hour or an incident that hits both arms does to their number. The process bets on 24 rate ratios at once and
// multiplies what each bet would have won. Its expectation never grows while the true ratio is at most `tolerate`, so that the chance of ever
// exceeding 1/alpha, however often one looks, is at most alpha (Ville's inequality).

/** Distinct bad units of one stage by arm, and the share of eligible units that stage treats (0 to 1). */
export interface Stratum {
  readonly share: number;
  readonly treatment: number;
  readonly control: number;
}

const gridSize = 24;
const smallestMultiple = 1.05;
const largestMultiple = 50;
const multiples: readonly number[] = Array.from({ length: gridSize }, (_, index) =>
  Math.exp(
    Math.log(smallestMultiple) +
      (index * (Math.log(largestMultiple) - Math.log(smallestMultiple))) / (gridSize - 1),
  ),
);

/**
 * Returns the natural logarithm of the e-value against "the treated rate is at most `tolerate` times the control rate".
 *
 * Strata are stages and are never pooled: each keeps its own treated share, their logarithms add. No bad unit means 0, stages that treat
 * everybody or nobody say nothing. A breach is a value of at least `ln(1/alpha)`.
 */
export function rateRatioEvidence(strata: readonly Stratum[], tolerate: number): number {
  const informative = strata.filter(
    (stratum) => stratum.share > 0 && stratum.share < 1 && stratum.treatment + stratum.control > 0,
  );
  if (informative.length === 0) return 0;
  const bets = multiples.map((multiple) => {
    const ratio = tolerate * multiple;
    let sum = 0;
    for (const { share, treatment, control } of informative) {
      const mean = (share * ratio + 1 - share) / (share * tolerate + 1 - share);
      sum += treatment * Math.log(multiple) - (treatment + control) * Math.log(mean);
    }
    return sum;
  });
  return meanEvidence(bets);
}

/**
 * Returns the logarithm of the mean of several e-values given as logarithms.
 *
 * The average of e-processes on the same units is one again, however they depend on each other: this is how the bounds of a `slow`
 * guardrail become one. An empty list is no evidence: 0.
 */
export function meanEvidence(logs: readonly number[]): number {
  if (logs.length === 0) return 0;
  const largest = Math.max(...logs);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}

/** Returns the anytime-valid p-value of a run whose largest log evidence so far is `largestLog`: between 0 and 1, valid at every look. */
export function anytimeP(largestLog: number): number {
  return Math.min(1, Math.exp(-largestLog));
}
