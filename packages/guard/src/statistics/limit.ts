// The evidence that the share of bad units exceeds a fixed limit, whoever they are compared with.
//
// A raw share of twenty units is noise: with a true rate of 15 % it passes 20 % once in five looks. So the limit is tested as an e-process
// too: per exposed unit one bet on each of 16 shares above the limit. A unit counts from its exposure and may turn bad later, which only
// raises the value towards the one its final outcome gives; so every look stays below the process of final outcomes, which is a
// supermartingale in the number of units, and peeking is paid for.

const steps: readonly number[] = [
  0.02, 0.04, 0.07, 0.1, 0.14, 0.18, 0.23, 0.29, 0.36, 0.44, 0.53, 0.62, 0.72, 0.82, 0.92, 0.999,
];

/**
 * Returns the natural logarithm of the e-value against "at most `limit` of the units turn bad" (`limit` between 0 and 1, exclusive).
 *
 * `bad` and `exposed` are distinct units of the same arm and the same sample.
 */
export function limitEvidence(bad: number, exposed: number, limit: number): number {
  if (exposed === 0) return 0;
  const counted = Math.min(bad, exposed);
  const logs = steps.map((step) => {
    const share = limit + (1 - limit) * step;
    return counted * Math.log(share / limit) + (exposed - counted) * Math.log((1 - share) / (1 - limit));
  });
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}

/**
 * Returns the lower end of a one-sided confidence sequence for the share of bad units: the largest limit the evidence rejects at `alpha`,
 * 0 if none.
 */
export function shareLowerBound(bad: number, exposed: number, alpha: number): number {
  const threshold = Math.log(1 / alpha);
  let [low, high] = [1e-9, 1 - 1e-9];
  if (limitEvidence(bad, exposed, low) < threshold) return 0;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (limitEvidence(bad, exposed, middle) >= threshold) low = middle;
    else high = middle;
  }
  return low;
}
