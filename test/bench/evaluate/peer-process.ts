import { memoryUsage } from "node:process";
import { type CaseName, contexts } from "./cases.ts";
import { type Peer, peers } from "./peers.ts";

/** One order from the benchmark: how many evaluations of a case; `mixed` takes all cases in turn. */
export interface Order {
  readonly cases: readonly CaseName[];
  readonly iterations: number;
}

/** What they cost, each. */
export interface Cost {
  readonly ns: number;
  readonly bytes: number;
}

const create = peers[process.argv[2] ?? ""];
if (create === undefined || process.send === undefined)
  throw new Error("a peer process is started by the benchmark");
const peer: Peer = create();
const sink: unknown[] = Array.from({ length: 64 }, () => null);

process.on("message", ({ cases, iterations }: Order) => {
  process.send?.(measure(cases, iterations));
});

function measure(cases: readonly CaseName[], iterations: number): Cost {
  globalThis.gc?.();
  const heapBefore = memoryUsage().heapUsed;
  const begin = process.hrtime.bigint();
  const [only] = cases;
  if (only !== undefined && cases.length === 1) loop(only, iterations);
  else loopMixed(cases, iterations);
  const ns = Number(process.hrtime.bigint() - begin) / iterations;
  // Exact as long as no collection falls into the round: the young generation is made big enough.
  return { ns, bytes: Math.max(0, memoryUsage().heapUsed - heapBefore) / iterations };
}

function loop(name: CaseName, iterations: number): void {
  for (let i = 0; i < iterations; i++)
    sink[i & 63] = peer(name, contexts[i & 63] as Readonly<Record<string, string>>);
}

function loopMixed(cases: readonly CaseName[], iterations: number): void {
  for (let i = 0; i < iterations; i++) {
    sink[i & 63] = peer(
      cases[i % cases.length] as CaseName,
      contexts[i & 63] as Readonly<Record<string, string>>,
    );
  }
}
