import * as fc from "fast-check";
import { FlagspanProvider, httpSource } from "@flagspan/provider/server";
import { ProviderEvents } from "@openfeature/server-sdk";
import { FaultProxy, type ProxyFault } from "./fault-proxy.ts";
import { onOff, SmallControl } from "./small-control.ts";
import { until } from "./until.ts";

/** What the model knows: the revisions there were. */
interface Model {
  revision: number;
  /** How often the store was restored. */
  history: number;
}

/** The real thing: a control, a network that fails, a provider, and the revisions it was seen to answer from. */
interface Real {
  readonly control: SmallControl;
  readonly proxy: FaultProxy;
  readonly provider: FlagspanProvider;
  readonly seen: string[];
  /** A damaged byte inside a patch's values cannot be told from a good one until the audit finds it by its hash. */
  damaged: boolean;
}

type Command = fc.AsyncCommand<Model, Real>;

const always = (): boolean => true;

function note(real: Real): void {
  const { value, reason, flagMetadata } = real.provider.evaluateSync("counter", -1);
  if (reason === "ERROR") return;
  const revision = String(flagMetadata["version"]);
  // The flag's value is the revision: an answer must be the one of the revision it names.
  if (!real.damaged && String(value) !== revision) throw new Error(`revision ${revision} answered ${value}`);
  real.seen.push(revision);
}

/** The next revision, whose flag's value is the revision. */
function counter(revision: number): Readonly<Record<string, unknown>> {
  return { defaultVariant: "now", state: "ENABLED", variants: { now: revision } };
}

const toggle: Command = {
  check: always,
  run: (model, real) => {
    model.revision++;
    real.control.set("counter", counter(model.revision));
    note(real);
    return Promise.resolve();
  },
  toString: () => "toggle",
};

const cut: Command = {
  check: always,
  run: (_model, real) => {
    real.proxy.cutAll();
    note(real);
    return Promise.resolve();
  },
  toString: () => "cut",
};

/** The store is restored from a backup some revisions old; from there on it has another history. */
const restore = (back: number): Command => ({
  check: (model) => model.revision > 1,
  run: (model, real) => {
    model.revision = Math.max(1, model.revision - back);
    model.history++;
    const flags = { counter: counter(model.revision), history: counter(model.history), other: onOff("on") };
    real.control.restore(model.revision, flags);
    note(real);
    return Promise.resolve();
  },
  toString: () => `restore ${back} back`,
});

const rest = (ms: number): Command => ({
  check: always,
  run: async (_model, real) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    note(real);
  },
  toString: () => `rest ${ms}`,
});

const fault = (kind: ProxyFault): Command => ({
  check: always,
  run: (_model, real) => {
    real.proxy.fault = kind;
    if (kind.kind === "corrupt-byte") real.damaged = true;
    // Half of the faults harm what is open as well, as a failing network does.
    if (kind.kind !== "none" && kind.kind !== "slicer") real.proxy.cutAll();
    note(real);
    return Promise.resolve();
  },
  toString: () => JSON.stringify(kind),
});

const faults: fc.Arbitrary<ProxyFault> = fc.oneof(
  fc.constantFrom<ProxyFault>(
    { kind: "none" },
    { kind: "captive-portal" },
    { kind: "truncated-gzip" },
    { kind: "empty-body" },
  ),
  fc.integer({ min: 1, max: 20 }).map((delayMs): ProxyFault => ({ kind: "latency", delayMs })),
  fc.integer({ min: 0, max: 600 }).map((afterBytes): ProxyFault => ({ kind: "cut", afterBytes })),
  fc.integer({ min: 0, max: 600 }).map((afterBytes): ProxyFault => ({ kind: "half-open", afterBytes })),
  fc.integer({ min: 1, max: 7 }).map((bytes): ProxyFault => ({ kind: "slicer", bytes })),
  fc.integer({ min: 0, max: 900 }).map((atByte): ProxyFault => ({ kind: "corrupt-byte", atByte })),
  fc
    .constantFrom(400, 401, 403, 404, 405, 429, 500, 503)
    .map((status): ProxyFault => ({ kind: "status", status })),
);

const commands: readonly fc.Arbitrary<Command>[] = [
  fc.constant(toggle),
  fc.constant(cut),
  fc.integer({ min: 1, max: 40 }).map(rest),
  faults.map(fault),
];

/** Rarer than the rest: it undoes much of what a history has seen. */
const allCommands: readonly fc.Arbitrary<Command>[] = [
  ...commands,
  ...commands,
  fc.integer({ min: 1, max: 4 }).map(restore),
];

/** Checks that the revisions seen never go down. */
function checkOrder(seen: readonly string[]): void {
  for (let index = 1; index < seen.length; index++) {
    if (Number(seen[index]) < Number(seen[index - 1])) {
      throw new Error(`revision ${seen[index]} was answered after ${seen[index - 1]}`);
    }
  }
}

async function playOnce(commands: Iterable<Command>, saysHashes: boolean): Promise<void> {
  const flags = { counter: counter(1), history: counter(0), other: onOff("on") };
  const control = await new SmallControl(flags).listen();
  control.saysHashes = saysHashes;
  const proxy = await new FaultProxy(() => control.port).listen();
  // The real delays, a hundredth as long.
  const source = httpSource({
    url: proxy.url,
    set: "shop",
    backoff: { baseMs: 5, capMs: 50, extendedMs: 100, maxRetryAfterMs: 100 },
    pollIntervalMs: 50,
    idleMs: 300,
    connectTimeoutMs: 100,
    fetchTimeoutMs: 100,
    auditIntervalMs: 200,
  });
  const provider = new FlagspanProvider({ source, staleAfterMs: 50, initTimeoutMs: 100 });
  const seen: string[] = [];
  const real: Real = { control, proxy, provider, seen, damaged: false };
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, () => note(real));
  provider.initialize().catch(() => undefined);
  const beat = setInterval(() => control.send(": ping\n\n"), 100);
  try {
    const model: Model = { revision: 1, history: 0 };
    await fc.asyncModelRun(() => ({ model, real }), commands);
    proxy.fault = { kind: "none" };
    await until("the newest revision is answered", () => {
      note(real);
      // A restored store is followed again as soon as it has counted as far as what is held; until then nothing is due.
      if (Number(provider.revision) > control.revision) control.set("counter", counter(control.revision + 1));
      const { value } = provider.evaluateSync("counter", -1);
      return (
        value === control.revision &&
        seen.at(-1) === String(value) &&
        provider.evaluateSync("history", -1).value === model.history &&
        provider.evaluateSync("other", false).value
      );
    });
    checkOrder(seen);
  } finally {
    clearInterval(beat);
    await provider.onClose();
    await proxy.close();
    await control.close();
  }
}

/** Plays random histories of changes and faults; the seed is drawn per run and told. */
export async function playModel(numRuns: number, maxCommands: number): Promise<void> {
  const seed = Number(process.env["FLAGSPAN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`fault seed ${seed} (FLAGSPAN_SEED=${seed} plays it again)\n`);
  const histories = fc.commands([...allCommands], { maxCommands, size: "max" });
  const property = fc.asyncProperty(histories, fc.boolean(), playOnce);
  await fc.assert(property, { seed, numRuns, endOnFailure: true });
}
