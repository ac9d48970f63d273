/** One line of a benchmark: ours beside a peer, measured in one run. `ratio` = ours ÷ peer. */
export interface BenchRow {
  readonly bench: string;
  readonly case: string;
  /** Median of ours, in `unit`. */
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  readonly ratio: number;
  /** 95 % bounds of the ratio. */
  readonly lower: number;
  readonly upper: number;
  /** What the ratio must not exceed; with `direction: "at least"`, what it must reach. */
  readonly goal: number;
  readonly direction: "at most" | "at least";
  readonly ok: boolean;
}

/** How a benchmark is to run. `smoke`: few rounds, only to show that it works; its figures mean nothing. */
export interface BenchOptions {
  readonly smoke: boolean;
}

/** What `test/bench/<name>/index.ts` exports. */
export interface Bench {
  run(options: BenchOptions): AsyncIterable<BenchRow> | Promise<readonly BenchRow[]>;
}

/** What is compared with what, and what is to be reached. */
export interface Comparison {
  readonly bench: string;
  readonly case: string;
  readonly peerName: string;
  readonly unit: string;
  readonly goal: number;
  readonly direction?: "at most" | "at least";
}

/** One measurement of ours and of the peer, taken right after each other. */
export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

/** The least number of pairs a published ratio rests on. */
export const MIN_PAIRS = 30;

type Sample = () => number | Promise<number>;

/** Takes turns between both sides, changing who begins, so that drift of the machine hits both alike. */
export async function takePairs(ours: Sample, peer: Sample, count: number): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) {
      const first = await ours();
      pairs.push({ ours: first, peer: await peer() });
    } else {
      const first = await peer();
      pairs.push({ ours: await ours(), peer: first });
    }
  }
  return pairs;
}

/** Makes a row of pairs: medians, the median of the pairwise ratios, and its bootstrap bounds. */
export function rowOfPairs(comparison: Comparison, pairs: readonly Pair[]): BenchRow {
  const ratios = pairs.map(({ ours, peer }) => ours / peer);
  const ratio = median(ratios);
  const [lower, upper] = bootstrapMedian(ratios);
  const { direction = "at most", ...names } = comparison;
  return {
    ...names,
    direction,
    ours: median(pairs.map((pair) => pair.ours)),
    peer: median(pairs.map((pair) => pair.peer)),
    ratio,
    lower,
    upper,
    ok: direction === "at most" ? ratio <= comparison.goal : ratio >= comparison.goal,
  };
}

/** Makes a row of one figure against a fixed limit; `lower` and `upper` are bounds of the figure as a share of it. */
export function rowOfSamples(comparison: Comparison, samples: readonly number[], limit: number): BenchRow {
  return rowOfPairs(
    comparison,
    samples.map((ours) => ({ ours, peer: limit })),
  );
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the values lies, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

const RESAMPLES = 2000;

function bootstrapMedian(values: readonly number[]): readonly [number, number] {
  const random = createRandom(values.length);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(Array.from(values, () => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

/** mulberry32: the same figures give the same bounds. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
