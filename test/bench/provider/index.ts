import { type FlagspanProvider } from "@flagspan/provider/server";
import type { Hook, Logger, Provider } from "@openfeature/server-sdk";
import {
  type BenchOptions,
  type BenchRow,
  MIN_PAIRS,
  rowOfPairs,
  rowOfSamples,
  takePairs,
} from "../measure.ts";
import { ConstantProvider, context, flagKeys, startClients, startOurs } from "./subjects.ts";

const bench = "provider";
const unit = "ns CPU";
const silent: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const emptyHook: Hook = { finally: () => {} };
/** What results escape to, so that nothing can be left out. */
const sink = { truths: 0 };

/** CPU time of the process in nanoseconds: the machine may be shared, and what it does for others is nobody's cost here. */
function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Nanoseconds an evaluation takes when each is awaited, as an application does. */
async function timeAwaited(
  calls: number,
  evaluate: () => Promise<{ readonly value: unknown }>,
): Promise<number> {
  const start = cpuNs();
  for (let index = 0; index < calls; index++) if ((await evaluate()).value === true) sink.truths++;
  return (cpuNs() - start) / calls;
}

function timeSync(calls: number, evaluate: () => { readonly value: unknown }): number {
  const start = cpuNs();
  for (let index = 0; index < calls; index++) if (evaluate().value === true) sink.truths++;
  return (cpuNs() - start) / calls;
}

/** Our resolver's time above a constant one's, directly: at most a microsecond. */
async function measureDirect(
  ours: FlagspanProvider,
  key: string,
  pairs: number,
  calls: number,
): Promise<BenchRow> {
  const constant: Provider = new ConstantProvider();
  const side = (provider: Provider) => (): Promise<number> =>
    timeAwaited(calls, () => provider.resolveBooleanEvaluation(key, false, context, silent));
  await takePairs(side(ours), side(constant), 5);
  const taken = await takePairs(side(ours), side(constant), pairs);
  const above = taken.map((pair) => pair.ours - pair.peer);
  const names = { bench, case: `resolver above a constant one, ${key}`, peerName: "limit", unit, goal: 1 };
  return rowOfSamples(names, above, 1000);
}

function measureSync(
  ours: FlagspanProvider,
  key: string,
  hooks: readonly Hook[],
  pairs: number,
  calls: number,
): BenchRow {
  const options = { hooks };
  const sample = (): number => timeSync(calls, () => ours.evaluateSync(key, false, context, options));
  for (let round = 0; round < 5; round++) sample();
  const samples = Array.from({ length: pairs }, sample);
  const named = `evaluateSync, ${hooks.length} hook${hooks.length === 1 ? "" : "s"}, ${key}`;
  return rowOfSamples({ bench, case: named, peerName: "limit", unit, goal: 1 }, samples, 2000);
}

/** The provider directly and through its synchronous path against their limits, then behind the client beside peers. */
export async function* run({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const pairs = smoke ? 3 : MIN_PAIRS;
  const calls = smoke ? 200 : 20_000;
  const ours = await startOurs();
  for (const key of flagKeys) yield await measureDirect(ours, key, pairs, calls);
  for (const key of flagKeys) {
    yield measureSync(ours, key, [], pairs, calls);
    yield measureSync(ours, key, [emptyHook], pairs, calls);
  }
  await ours.onClose();

  const clients = await startClients();
  for (const key of flagKeys) {
    for (const peer of clients.peers) {
      const side = (client: typeof peer.client) => (): Promise<number> =>
        timeAwaited(calls / 10, () => client.getBooleanDetails(key, false, context));
      await takePairs(side(clients.ours.client), side(peer.client), 3);
      const taken = await takePairs(side(clients.ours.client), side(peer.client), pairs);
      // The client's own cost drowns the provider's, so the goal beside peers is only not to be worse.
      const names = {
        bench,
        case: `behind the client, ${key}`,
        peerName: peer.name,
        unit,
        goal: peer.name === "constant" ? 1.25 : 1.1,
      };
      yield rowOfPairs(names, taken);
    }
  }
  await clients.stop();
}
