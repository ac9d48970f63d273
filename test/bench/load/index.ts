import { fork } from "node:child_process";
import { once } from "node:events";
import { FlagdCore } from "@openfeature/flagd-core";
import { GrowthBookClient, type FeatureDefinition } from "@growthbook/growthbook";
import {
  checkRuleset,
  evaluateCompiled,
  parseRulesetText,
  type Ruleset,
  updateRuleset,
} from "@flagspan/ruleset";
import {
  type BenchOptions,
  type BenchRow,
  MIN_PAIRS,
  type Pair,
  rowOfPairs,
  rowOfSamples,
  takePairs,
} from "../measure.ts";
import { createDocument, createFlag, flagKey } from "./document.ts";
import type { MemoryOrder } from "./memory-process.ts";

const FLAGS = 10_000;
/** flagd-core needs seconds for 10,000 flags; it is held against us on fewer, which favours it. */
const FEW_FLAGS = 1_000;
const context = {
  targetingKey: "user-1",
  email: "a@example.com",
  country: "CH",
  version: "3.1.0",
  plan: "pro",
  tenant: "tenant-5",
};

/** Reading 10,000 flags, the first pass over all of them, one changed flag, and the memory it takes. */
export async function* run({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const pairs = smoke ? 2 : MIN_PAIRS;
  const text = createDocument(smoke ? 100 : FLAGS);
  const compare = async (
    name: string,
    peerName: string,
    goal: number,
    ours: () => unknown,
    peer: () => unknown,
  ): Promise<BenchRow> => {
    for (let i = 0; i < (smoke ? 1 : 3); i++) sink.push(ours(), peer());
    return rowOfPairs(
      { bench: "load", case: name, peerName, unit: "ms", goal },
      await takePairs(timed(ours), timed(peer), pairs),
    );
  };
  yield await compare(
    "10,000 flags, ready to answer",
    "JSON.parse",
    1.5,
    () => read(text),
    () => JSON.parse(text) as unknown,
  );
  yield await compare(
    "10,000 flags, every check",
    "JSON.parse",
    3,
    () => checkRuleset(read(text)),
    () => JSON.parse(text) as unknown,
  );
  yield await compare(
    "10,000 flags, ready to answer",
    "growthbook",
    1,
    () => read(text),
    () => readGrowthBook(text),
  );

  const few = createDocument(smoke ? 20 : FEW_FLAGS);
  yield await compare(
    "1,000 flags, ready to answer",
    "flagd-core",
    0.1,
    () => read(few),
    () => readFlagdCore(few),
  );
  yield await compare(
    "1,000 flags and a first pass over all",
    "flagd-core",
    0.1,
    () => firstPass(read(few)),
    () => readFlagdCore(few).resolveAll(context),
  );
  yield await compare(
    "one of 1,000 changed",
    "flagd-core",
    0.1,
    () => changeOne(read(few)),
    () => readFlagdCore(few),
  );

  let ruleset = read(text);
  firstPass(ruleset);
  const changes: number[] = [];
  for (let i = 0; i < (smoke ? 10 : 3000); i++) {
    changes.push(await timed(() => (ruleset = changeOne(ruleset, i)))());
  }
  yield rowOfSamples(
    { bench: "load", case: "one of 10,000 changed, median", peerName: "limit", unit: "ms", goal: 1 },
    changes,
    1,
  );
  yield rowOfSamples(
    { bench: "load", case: "one of 10,000 changed, slowest 1 %", peerName: "limit", unit: "ms", goal: 1 },
    changes.sort((a, b) => b - a).slice(0, Math.ceil(changes.length / 100)),
    1,
  );
  yield* measureMemory(smoke);
}

/** Keeps results alive until the next round, so that no engine can skip the work. */
const sink: unknown[] = [];

function timed(work: () => unknown): () => Promise<number> {
  return async () => {
    sink.length = 0;
    const begin = performance.now();
    sink.push(work());
    const elapsed = performance.now() - begin;
    // Lets the collector catch up outside the measurement.
    await new Promise((resolve) => void setImmediate(resolve));
    return elapsed;
  };
}

function read(text: string): Ruleset {
  const result = parseRulesetText(text);
  if (!result.ok) throw new Error(result.issues[0]?.message ?? "not read");
  return result.ruleset;
}

function firstPass(ruleset: Ruleset): Ruleset {
  for (const key of ruleset.flags.keys()) {
    if (evaluateCompiled(ruleset, key, context, 0).reason === "ERROR")
      throw new Error(`${key} does not evaluate`);
  }
  return ruleset;
}

function changeOne(before: Ruleset, i = 0): Ruleset {
  const key = flagKey((i * 37) % before.flags.size);
  const { ruleset } = updateRuleset(before, {
    flags: { [key]: createFlag(i + 1) },
    metadata: { flagSetId: "bench", version: String(i + 2) },
  });
  if (evaluateCompiled(ruleset, key, context, 0).reason === "ERROR")
    throw new Error(`${key} does not evaluate`);
  return ruleset;
}

function readFlagdCore(text: string): FlagdCore {
  const ignore = (): void => undefined;
  const core = new FlagdCore(undefined, { error: ignore, warn: ignore, info: ignore, debug: ignore });
  core.setConfigurations(text);
  return core;
}

/** The same number of flags in GrowthBook's own format, from text as well. */
function readGrowthBook(text: string): GrowthBookClient {
  const { flags } = JSON.parse(text) as { readonly flags: Readonly<Record<string, object>> };
  const features: Record<string, FeatureDefinition> = {};
  for (const key of Object.keys(flags)) {
    features[key] = {
      defaultValue: false,
      rules: [{ condition: { country: { $in: ["CH", "DE", "FR", "IT"] } }, force: true }],
    };
  }
  return new GrowthBookClient().initSync({ payload: { features } });
}

async function* measureMemory(smoke: boolean): AsyncIterable<BenchRow> {
  const flags = smoke ? 100 : FLAGS;
  const retained: Pair[] = [];
  const peak: Pair[] = [];
  for (let i = 0; i < (smoke ? 1 : MIN_PAIRS); i++) {
    const ours = await memoryOf({ side: "ours", flags });
    const peer = await memoryOf({ side: "JSON.parse", flags });
    retained.push({ ours: ours.retained, peer: peer.retained });
    peak.push({ ours: ours.peak, peer: peer.peak });
  }
  yield rowOfPairs(
    { bench: "load", case: "10,000 flags, retained heap", peerName: "JSON.parse", unit: "MB", goal: 1.3 },
    retained,
  );
  yield rowOfPairs(
    {
      bench: "load",
      case: "10,000 flags, peak of the process",
      peerName: "JSON.parse",
      unit: "MB",
      goal: 1.5,
    },
    peak,
  );
}

async function memoryOf(order: MemoryOrder): Promise<{ readonly retained: number; readonly peak: number }> {
  const child = fork(new URL("memory-process.js", import.meta.url), [JSON.stringify(order)], {
    execArgv: ["--expose-gc"],
  });
  const [answer] = (await once(child, "message")) as [{ readonly retained: number; readonly peak: number }];
  return answer;
}
