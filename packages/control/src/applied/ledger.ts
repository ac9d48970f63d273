/** One instance and how far it has come. */
export interface AppliedInstance {
  readonly instance: string;
  readonly kind: "server" | "web";
  readonly revision: number;
  readonly appliedAt: string;
  readonly connected: boolean;
}

/** Somebody who asks from time to time instead of listening. */
export interface Poller {
  readonly agent: string;
  readonly intervalMs: number;
}

/** Who has a revision: the answer of `GET …/applied`. */
export interface AppliedReport {
  readonly revision: number;
  /** Streams connected now. */
  readonly connected: number;
  /** Of these, how many said they hold `revision` or a later one. */
  readonly applied: number;
  readonly instances: readonly AppliedInstance[];
  readonly polling: readonly Poller[];
}

/** What one process knows of one set, as it goes to the other processes. */
export interface LedgerExcerpt {
  readonly anonymous: number;
  readonly instances: readonly AppliedInstance[];
  readonly polling: readonly Poller[];
}

/** Who is connected to this process and which revision each of them applied. Connected state, so it is in memory. */
export interface AppliedLedger {
  /** Notes a stream; `instance` may become known only with its first acknowledgement. Call the result when it ends. */
  connect(set: string, stream: { kind: "server" | "web"; instance?: string; origin: string }): () => void;
  /** Notes that an instance evaluates from `revision` now. */
  acknowledge(
    set: string,
    applied: { kind: "server" | "web"; instance: string; revision: number; origin: string },
  ): void;
  /** Notes a request of somebody who may be polling. */
  polled(set: string, agent: string): void;
  excerpt(set: string): LedgerExcerpt;
  /** Sets with anything to tell. */
  sets(): readonly string[];
}

interface Stream {
  readonly kind: "server" | "web";
  readonly origin: string;
  instance: string | undefined;
}

interface Known {
  kind: "server" | "web";
  revision: number;
  appliedAtMs: number;
  streams: number;
}

interface SetLedger {
  readonly anonymous: Set<Stream>;
  readonly instances: Map<string, Known>;
  readonly pollers: Map<string, { lastMs: number; intervalMs: number; polls: number }>;
}

/** Remembered instances per set; the ones gone for longest make room. */
const MAX_INSTANCES = 50_000;
const MAX_POLLERS = 1000;
const FORGET_MS = 10 * 60_000;

/** Creates an empty ledger. */
export function createAppliedLedger(now: () => number): AppliedLedger {
  const ledgers = new Map<string, SetLedger>();
  const of = (set: string): SetLedger => {
    const known = ledgers.get(set) ?? { anonymous: new Set(), instances: new Map(), pollers: new Map() };
    ledgers.set(set, known);
    return known;
  };

  return {
    connect(set, { kind, instance, origin }) {
      const ledger = of(set);
      const stream: Stream = { kind, origin, instance };
      if (instance === undefined) ledger.anonymous.add(stream);
      else hold(ledger, instance, kind, now()).streams += 1;
      return () => {
        if (ledger.anonymous.delete(stream)) return;
        const known = ledger.instances.get(stream.instance ?? "");
        if (known !== undefined) known.streams -= 1;
      };
    },
    acknowledge(set, { kind, instance, revision, origin }) {
      const ledger = of(set);
      const known = hold(ledger, instance, kind, now());
      if (known.streams === 0) adopt(ledger, known, instance, origin);
      if (revision < known.revision) return;
      known.revision = revision;
      known.appliedAtMs = now();
    },
    polled(set, agent) {
      const { pollers } = of(set);
      const nowMs = now();
      const known = pollers.get(agent);
      if (known === undefined) {
        if (pollers.size >= MAX_POLLERS) return;
        pollers.set(agent, { lastMs: nowMs, intervalMs: 0, polls: 1 });
        return;
      }
      known.intervalMs = nowMs - known.lastMs;
      known.lastMs = nowMs;
      known.polls += 1;
    },
    excerpt(set) {
      const ledger = of(set);
      const nowMs = now();
      const instances = [...ledger.instances].flatMap(([instance, known]): AppliedInstance[] => {
        if (known.streams === 0 && nowMs - known.appliedAtMs > FORGET_MS) {
          ledger.instances.delete(instance);
          return [];
        }
        const appliedAt = new Date(known.appliedAtMs).toISOString();
        return [
          { instance, kind: known.kind, revision: known.revision, appliedAt, connected: known.streams > 0 },
        ];
      });
      const polling = [...ledger.pollers].flatMap(([agent, poller]): Poller[] => {
        if (nowMs - poller.lastMs > FORGET_MS) {
          ledger.pollers.delete(agent);
          return [];
        }
        return poller.polls < 2 ? [] : [{ agent, intervalMs: poller.intervalMs }];
      });
      return { anonymous: ledger.anonymous.size, instances, polling };
    },
    sets: () => [...ledgers.keys()],
  };
}

/** Adds up what all processes know. An instance seen by two of them counts once, where it came furthest. */
export function reportApplied(revision: number, excerpts: readonly LedgerExcerpt[]): AppliedReport {
  const instances = new Map<string, AppliedInstance>();
  for (const seen of excerpts.flatMap((excerpt) => excerpt.instances)) {
    const known = instances.get(seen.instance);
    if (known === undefined) instances.set(seen.instance, seen);
    else {
      const furthest = seen.revision > known.revision ? seen : known;
      instances.set(seen.instance, { ...furthest, connected: seen.connected || known.connected });
    }
  }
  const all = [...instances.values()];
  const connected = all.filter((instance) => instance.connected);
  const anonymous = excerpts.reduce((sum, excerpt) => sum + excerpt.anonymous, 0);
  return {
    revision,
    connected: connected.length + anonymous,
    applied: connected.filter((instance) => instance.revision >= revision).length,
    instances: all,
    polling: excerpts.flatMap((excerpt) => excerpt.polling),
  };
}

function hold(ledger: SetLedger, instance: string, kind: "server" | "web", nowMs: number): Known {
  const known = ledger.instances.get(instance);
  if (known !== undefined) return known;
  if (ledger.instances.size >= MAX_INSTANCES) {
    for (const [name, { streams }] of ledger.instances) {
      if (streams > 0) continue;
      ledger.instances.delete(name);
      break;
    }
  }
  const made: Known = { kind, revision: 0, appliedAtMs: nowMs, streams: 0 };
  ledger.instances.set(instance, made);
  return made;
}

/** A stream that did not say who it is belongs to the instance that acknowledges from the same place. */
function adopt(ledger: SetLedger, known: Known, instance: string, origin: string): void {
  for (const stream of ledger.anonymous) {
    if (stream.origin !== origin || stream.kind !== known.kind) continue;
    ledger.anonymous.delete(stream);
    stream.instance = instance;
    known.streams += 1;
    return;
  }
}
