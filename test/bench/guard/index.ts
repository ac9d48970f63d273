import { rateRatioEvidence } from "@flagspan/guard";
import type { Bench, BenchRow } from "../measure.ts";
import { createChance } from "./random.ts";
import { simulateRollout } from "./simulate.ts";
import type { Mistake } from "./simulate.ts";

/** Medians of treated bad units until a breach, as published (ratios 2, 3, 10 and 50). */
const published: readonly (readonly [alpha: number, share: number, medians: readonly number[]])[] = [
  [0.01, 0.01, [34, 14, 4, 3]],
  [0.01, 0.1, [35, 15, 5, 3]],
  [0.01, 0.5, [72, 33, 12, 9]],
  [0.001, 0.01, [48, 20, 6, 3]],
  [0.001, 0.1, [49, 22, 8, 5]],
  [0.001, 0.5, [106, 47, 16, 12]],
  [1e-6, 0.01, [82, 35, 11, 6]],
  [1e-6, 0.1, [91, 42, 14, 8]],
  [1e-6, 0.5, [187, 91, 34, 23]],
];
const ratios = [2, 3, 10, 50] as const;
const mistakes: readonly Mistake[] = ["requests", "pooled stages", "summed exposures", "no twins"];

/**
 * How often the guard is wrong about harmless changes, how often the usual ways of counting are, and how soon harm is seen. The peer of the first rows is the limit that
 * was promised; a row on a mistake is fine if the mistake is caught making more false alarms than the limit.
 */
export const run: Bench["run"] = async function* ({ smoke }) {
  const rollouts = smoke ? 20 : 10_000;
  let killed = 0;
  let doubted = 0;
  for (let seed = 1; seed <= rollouts; seed += 1) {
    const result = simulateRollout({ seed });
    if (result.killed) killed += 1;
    if (result.sampleRatioAlarm) doubted += 1;
  }
  yield shareRow(`false kills in ${rollouts} harmless rollouts`, killed, rollouts, 0.01, "at most");
  yield shareRow(`false sample-ratio alarms in ${rollouts}`, doubted, rollouts, 0.001, "at most");
  const wrongly = smoke ? 10 : 300;
  for (const mistake of mistakes) {
    let wrong = 0;
    for (let seed = 1; seed <= wrongly; seed += 1) {
      const result = simulateRollout({ seed, mistake });
      if (result.killed || result.sampleRatioAlarm) wrong += 1;
    }
    yield shareRow(`the same, counted wrong: ${mistake}`, wrong, wrongly, 0.01, "at least");
  }
  for (const [alpha, share, medians] of published)
    for (const [index, ratio] of ratios.entries())
      yield detectionRow(alpha, share, ratio, medians[index] ?? 0, smoke ? 21 : 1001);
};

/** A share of rollouts against the limit, with a Wilson interval. */
function shareRow(
  name: string,
  count: number,
  total: number,
  limit: number,
  direction: BenchRow["direction"],
): BenchRow {
  const share = count / total;
  const z = 1.96;
  const middle = (share + (z * z) / (2 * total)) / (1 + (z * z) / total);
  const half =
    (z / (1 + (z * z) / total)) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return {
    bench: "guard",
    case: name,
    ours: share * 100,
    peer: limit * 100,
    peerName: "limit",
    unit: "%",
    ratio: share / limit,
    lower: Math.max(0, middle - half) / limit,
    upper: (middle + half) / limit,
    goal: 1,
    direction,
    ok: direction === "at most" ? share <= limit : share >= limit,
  };
}

function detectionRow(
  alpha: number,
  share: number,
  ratio: number,
  median: number,
  rollouts: number,
): BenchRow {
  const chance = createChance(20_261_121);
  const found = Array.from({ length: rollouts }, () =>
    countUntilBreach(alpha, share, ratio, () => chance.next()),
  ).sort((a, b) => a - b);
  const at = (part: number): number =>
    found[Math.min(found.length - 1, Math.max(0, Math.round(found.length * part)))] ?? 0;
  const spread = 0.98 / Math.sqrt(rollouts);
  const ours = at(0.5);
  return {
    bench: "guard",
    case: `units until a breach: alpha ${alpha}, share ${share}, ratio ${ratio}`,
    ours,
    peer: median,
    peerName: "published median",
    unit: "units",
    ratio: ours / median,
    lower: at(0.5 - spread) / median,
    upper: at(0.5 + spread) / median,
    goal: 1.2,
    direction: "at most",
    ok: Math.abs(ours - median) <= Math.max(1, 0.2 * median),
  };
}

function countUntilBreach(alpha: number, share: number, ratio: number, next: () => number): number {
  const treated = (share * ratio) / (share * ratio + 1 - share);
  const threshold = Math.log(1 / alpha);
  let [treatment, control] = [0, 0];
  for (;;) {
    if (next() >= treated) {
      control += 1;
      continue;
    }
    treatment += 1;
    if (treatment >= 3 && rateRatioEvidence([{ share, treatment, control }], 1) >= threshold)
      return treatment;
  }
}
