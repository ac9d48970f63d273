import { keyOf, type Sample, type Series } from "./series.ts";

/**
 * PromQL's `rate` over counters, worked out a second time from the samples that were sent, so that what Prometheus answers can be held
 * against it. Source of the rule: Prometheus' documentation of `rate` and what it says of extrapolation: towards both ends of the range by
 * the distance to it, if that is at most 1.1 times the average distance between samples, else by half of that average, and never below zero.
 */
export function rate(samples: readonly Sample[], atMs: number, rangeMs: number): number | undefined {
  const inside = samples.filter((sample) => sample.atMs > atMs - rangeMs && sample.atMs <= atMs);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last === undefined || inside.length < 2) return undefined;
  let rise = last.value - first.value;
  for (const [index, sample] of inside.slice(1).entries()) {
    const before = inside[index]?.value ?? 0;
    if (sample.value < before) rise += before;
  }
  const sampled = (last.atMs - first.atMs) / 1000;
  const average = sampled / (inside.length - 1);
  let toStart = (first.atMs - (atMs - rangeMs)) / 1000;
  let toEnd = (atMs - last.atMs) / 1000;
  if (toStart >= average * 1.1) toStart = average / 2;
  if (rise > 0) toStart = Math.min(toStart, sampled * (first.value / rise));
  if (toEnd >= average * 1.1) toEnd = average / 2;
  return (rise * ((sampled + toStart + toEnd) / sampled)) / (rangeMs / 1000);
}

/** The sum of rates by some labels. */
export function rateBy(
  series: readonly Series[],
  by: readonly string[],
  atMs: number,
  rangeMs: number,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const { labels, samples } of series) {
    const each = rate(samples, atMs, rangeMs);
    if (each === undefined) continue;
    const key = keyOf(labels, by);
    found.set(key, (found.get(key) ?? 0) + each);
  }
  return found;
}

/** PromQL's `histogram_quantile` over the rates of buckets, by some labels: straight lines between the bounds. */
export function quantileBy(
  quantile: number,
  buckets: readonly Series[],
  by: readonly string[],
  atMs: number,
  rangeMs: number,
): Map<string, number> {
  const groups = new Map<string, Map<number, number>>();
  for (const { labels, samples } of buckets) {
    const each = rate(samples, atMs, rangeMs);
    if (each === undefined) continue;
    const key = keyOf(labels, by);
    const group = groups.get(key) ?? new Map<number, number>();
    groups.set(key, group);
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    group.set(bound, (group.get(bound) ?? 0) + each);
  }
  return new Map([...groups].map(([key, group]) => [key, quantileOf(quantile, group)]));
}

function quantileOf(quantile: number, group: ReadonlyMap<number, number>): number {
  const bounds = [...group].sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  if (total === 0) return Number.NaN;
  const rank = quantile * total;
  const index = bounds.findIndex(([, count]) => count >= rank);
  const [upper = 0, count = 0] = bounds[index] ?? [];
  const [lower = 0, below = 0] = bounds[index - 1] ?? [];
  // Nothing is known of what lies above the last bound but that it is above.
  if (upper === Infinity) return lower;
  return lower + (upper - lower) * ((rank - below) / (count - below));
}
