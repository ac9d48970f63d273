import type { MetricPoint } from "@flagspan/bridge/otlp";

/** One series as Prometheus keeps it, made from the OTLP points that were sent: labels, and samples in order of time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** A value at a time in whole milliseconds. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** The series of a metric, by the names that Prometheus gives: `job`, and attributes with `_` for what is no letter or digit. */
export function seriesOf(points: readonly MetricPoint[], name: string): readonly Series[] {
  return gather(points, name, ({ value, count }) => [["", value ?? count ?? 0]]);
}

/** The bucket series of a histogram: one for each upper bound, `le`, each with all that lies below it. */
export function bucketSeriesOf(points: readonly MetricPoint[], name: string): readonly Series[] {
  return gather(points, name, ({ bounds = [], bucketCounts = [] }) => {
    let below = 0;
    return bucketCounts.map((count, index): [string, number] => {
      below += count;
      return [String(bounds[index] ?? "+Inf"), below];
    });
  });
}

function gather(
  points: readonly MetricPoint[],
  name: string,
  read: (point: MetricPoint) => readonly (readonly [le: string, value: number])[],
): readonly Series[] {
  const found = new Map<string, { labels: Record<string, string>; samples: Map<number, number> }>();
  for (const point of points) {
    if (point.name !== name) continue;
    const own: Record<string, string> = { job: String(point.resource["service.name"] ?? "") };
    const instance = point.resource["service.instance.id"];
    if (instance !== undefined) own["instance"] = String(instance);
    for (const [key, value] of Object.entries(point.attributes))
      own[key.replaceAll(/[^A-Za-z0-9_]/g, "_")] = String(value);
    for (const [le, value] of read(point)) {
      const labels = le === "" ? own : { ...own, le };
      const id = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const series = found.get(id) ?? { labels, samples: new Map<number, number>() };
      found.set(id, series);
      series.samples.set(Math.floor(point.timeUnixMs), value);
    }
  }
  return [...found.values()].map(({ labels, samples }) => ({
    labels,
    samples: [...samples].map(([atMs, value]) => ({ atMs, value })).sort((a, b) => a.atMs - b.atMs),
  }));
}

/** The series whose labels have these values. */
export function where(
  series: readonly Series[],
  labels: Readonly<Record<string, string>>,
): readonly Series[] {
  return series.filter((each) =>
    Object.entries(labels).every(([name, value]) => each.labels[name] === value),
  );
}

/** The last value of each series within five minutes, added up (or the largest of them) by some labels. */
export function lastBy(
  series: readonly Series[],
  by: readonly string[],
  atMs: number,
  combine: (a: number, b: number) => number = (a, b) => a + b,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const { labels, samples } of series) {
    const last = samples.findLast((sample) => sample.atMs <= atMs && sample.atMs > atMs - 300_000);
    if (last === undefined) continue;
    const key = keyOf(labels, by);
    const known = found.get(key);
    found.set(key, known === undefined ? last.value : combine(known, last.value));
  }
  return found;
}

/** A key of some labels, as answers and expectations are compared by. */
export function keyOf(labels: Readonly<Record<string, string>>, by: readonly string[]): string {
  return by.map((name) => labels[name] ?? "").join(" ");
}
