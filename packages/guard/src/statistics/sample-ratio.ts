import { gammaln } from "simple-statistics";

/** Distinct exposed units that a rule should have split with the treated share `share` (0 to 1). */
export interface RatioStratum {
  readonly share: number;
  readonly treatment: number;
  readonly control: number;
}

/** How strongly the prior of the sample-ratio test sits on the expected shares; 100 finds gross breaks after some hundred units. */
const concentration = 100;

/**
 * Returns the natural logarithm of the evidence that units were not split as the stages say: a sequential Dirichlet-multinomial test
 * (Lindon and Malek 2022), valid at every look. A mismatch is a value of at least `ln(1/alpha)`; strata add.
 */
export function sampleRatioEvidence(strata: readonly RatioStratum[], prior: number = concentration): number {
  let sum = 0;
  for (const { share, treatment, control } of strata) {
    if (share <= 0 || share >= 1 || treatment + control === 0) continue;
    sum +=
      gammaln(prior) -
      gammaln(prior + treatment + control) +
      armEvidence(prior * share, treatment, share) +
      armEvidence(prior * (1 - share), control, 1 - share);
  }
  return sum;
}

function armEvidence(prior: number, count: number, share: number): number {
  return gammaln(prior + count) - gammaln(prior) - count * Math.log(share);
}
