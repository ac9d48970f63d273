import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type BenchOptions, type BenchRow, MIN_PAIRS, type Pair, rowOfPairs, takePairs } from "../measure.ts";
import { type CaseName, caseNames } from "./cases.ts";
import type { Cost, Order } from "./peer-process.ts";
import { differences, peers } from "./peers.ts";

/**
 * Synchronous evaluation, each peer in a process of its own, round by round in turn. `mixed` is all cases together
 * in one process, where no peer profits from seeing a single flag.
 */
export async function* run({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  verifyAnswers();
  const processes = new Map(Object.keys(peers).map((name) => [name, startPeer(name)]));
  try {
    const perCase = new Map<CaseName, readonly Pair[]>();
    for (const name of caseNames) {
      const byHand = await compare(processes, "hand-written", [name], smoke);
      yield row(name, "hand-written", "ns", 1.5, byHand.time);
      yield row(`${name}, bytes`, "hand-written", "B", 2, byHand.bytes);
      const core = await compare(processes, "flagd-core", [name], smoke);
      perCase.set(name, core.time);
      yield row(name, "flagd-core", "ns", 1, core.time);
    }
    yield row("geometric mean of all", "flagd-core", "ns", 0.2, geometricMean([...perCase.values()]));
    for (const name of ["target", "fractional", "ten-rule"] as const) {
      yield row(
        name,
        "json-logic-engine",
        "ns",
        1,
        (await compare(processes, "json-logic-engine", [name], smoke)).time,
      );
    }
    yield row(
      "mixed",
      "hand-written",
      "ns",
      1.5,
      (await compare(processes, "hand-written", caseNames, smoke)).time,
    );
    yield row(
      "mixed",
      "flagd-core",
      "ns",
      0.2,
      (await compare(processes, "flagd-core", caseNames, smoke)).time,
    );
  } finally {
    for (const { child } of processes.values()) child.kill();
  }
}

function row(name: string, peerName: string, unit: string, goal: number, pairs: readonly Pair[]): BenchRow {
  return rowOfPairs({ bench: "evaluate", case: name, peerName, unit, goal }, pairs);
}

/** A fast wrong answer is worth nothing. */
function verifyAnswers(): void {
  const ours = peers["ours"]?.();
  for (const [peerName, create] of Object.entries(peers)) {
    const peer = create();
    for (const name of caseNames) {
      if (ours === undefined) throw new Error("ours is missing");
      // On an unknown flag peers hand out the caller's default in their own ways.
      const found = name === "not-found" ? [] : differences(name, ours, peer);
      if (found.length > 0) throw new Error(`${peerName} answers ${name} differently: ${found[0] ?? ""}`);
    }
  }
}

interface PeerProcess {
  readonly child: ChildProcess;
  measure(order: Order): Promise<Cost>;
}

function startPeer(name: string): PeerProcess {
  const child = fork(new URL("peer-process.js", import.meta.url), [name], {
    execArgv: ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"],
  });
  return {
    child,
    async measure(order) {
      const answered = once(child, "message") as Promise<[Cost]>;
      child.send(order);
      return (await answered)[0];
    },
  };
}

async function compare(
  processes: ReadonlyMap<string, PeerProcess>,
  peerName: string,
  cases: readonly CaseName[],
  smoke: boolean,
): Promise<{ readonly time: readonly Pair[]; readonly bytes: readonly Pair[] }> {
  const ours = processes.get("ours");
  const peer = processes.get(peerName);
  if (ours === undefined || peer === undefined) throw new Error(`no process for ${peerName}`);
  const pairs = smoke ? 2 : MIN_PAIRS;
  const [oursIterations, peerIterations] = await Promise.all([
    calibrate(ours, cases, smoke),
    calibrate(peer, cases, smoke),
  ]);
  const bytes: Pair[] = [];
  const costs: { ours: Cost | undefined; peer: Cost | undefined } = { ours: undefined, peer: undefined };
  const time = await takePairs(
    async () => (costs.ours = await ours.measure({ cases, iterations: oursIterations })).ns,
    async () => (costs.peer = await peer.measure({ cases, iterations: peerIterations })).ns,
    pairs,
  );
  for (let i = 0; i < pairs; i++) {
    const ourCost = await ours.measure({ cases, iterations: BYTE_ITERATIONS });
    const peerCost = await peer.measure({ cases, iterations: BYTE_ITERATIONS });
    bytes.push({ ours: ourCost.bytes, peer: Math.max(peerCost.bytes, 1) });
  }
  return { time, bytes };
}

/** Few enough that the young generation holds everything, so that no collection hides what was allocated. */
const BYTE_ITERATIONS = 20_000;
const ROUND_NS = 10_000_000;

/** Warms the case up and says how many evaluations make a round. */
async function calibrate(peer: PeerProcess, cases: readonly CaseName[], smoke: boolean): Promise<number> {
  const warmUps = smoke ? 1 : 5;
  let ns = 0;
  for (let i = 0; i < warmUps; i++)
    ({ ns } = await peer.measure({ cases, iterations: smoke ? 100 : 20_000 }));
  return smoke ? 100 : Math.max(1000, Math.round(ROUND_NS / ns));
}

function geometricMean(cases: readonly (readonly Pair[])[]): readonly Pair[] {
  const mean = (values: readonly number[]): number =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const count = Math.min(...cases.map((pairs) => pairs.length));
  return Array.from({ length: count }, (_, i) => ({
    ours: mean(cases.map((pairs) => pairs[i]?.ours ?? Number.NaN)),
    peer: mean(cases.map((pairs) => pairs[i]?.peer ?? Number.NaN)),
  }));
}
