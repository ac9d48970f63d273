import type { ControlClient } from "../acting/control-client.ts";
import type { FastLaneEvent } from "../observations/fast-lane-event.ts";
import type { BookLimits } from "../observations/observation-book.ts";
import { AlertBoard } from "../signals/alert-board.ts";
import type { InboundAlert } from "../signals/alert-board.ts";
import type { PrometheusClient } from "../signals/prometheus.ts";
import { QueryWatch } from "../signals/query-watch.ts";
import { createDecider } from "./decider.ts";
import type { Decider } from "./decider.ts";
import type { DocumentStore } from "./document-store.ts";
import { RolloutDocuments } from "./rollout-documents.ts";
import { RolloutRunner } from "./rollout-runner.ts";
import type { GuardNotice, RunnerSurroundings } from "./rollout-runner.ts";

/** What a guard is made of. */
export interface GuardOptions {
  /** Where rollouts, decisions and units are kept; shared by all processes that may decide. */
  readonly documents: DocumentStore;
  /** The only way to touch a flag. */
  readonly control: ControlClient;
  /** Name of this process among those that share the documents. Default: random. */
  readonly owner?: string;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** Called with each message for people: breaches, kills, holds, approvals, alarms. */
  readonly notify?: (notice: GuardNotice) => void;
  /** Answers `query` guardrails; without it plans that have one are refused. */
  readonly prometheus?: PrometheusClient;
  /** Bounds of what one run holds. */
  readonly limits?: BookLimits;
  /** Time between two looks, at most one second. Default 400 ms; news is judged at once besides. */
  readonly tickMs?: number;
}

/** What became of the events of one request. */
export interface ObserveResult {
  readonly accepted: number;
  /** Known already, of no rollout here, of a twin variant, or without the right to be believed. */
  readonly ignored: number;
  readonly dropped: number;
}

/** Runs rollouts by plan. Start it once per process; any number of processes may share the documents, one of them decides. */
export interface Guard {
  readonly decider: Decider;
  /**
   * Takes fast-lane events in. Only a sender whose key has the `telemetry` scope is believed; everything else is a signal that may hold a rollout but
   * never kills it.
   */
  observe(events: readonly FastLaneEvent[], trust: { readonly scopes: readonly string[] }): ObserveResult;
  /** Notes inbound alerts (Alertmanager, Datadog, Dynatrace) for `alert` guardrails. */
  observeAlerts(alerts: readonly InboundAlert[]): void;
  /** Looks at every live rollout once; `nowMs` overrides the clock for this look. */
  tick(nowMs?: number): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** Short enough that a kill decided by a process that then dies is carried out by another within two seconds. */
const leaseMs = 1200;
const waitingTickMs = 200;
/** Between two looks at who has applied a change: the moments themselves are in control's report. */
const followMs = 250;
const mostStrays = 2000;

/** Creates a guard; nothing happens before `start` or `tick`. */
export function createGuard(options: GuardOptions): Guard {
  return new GuardProcess(options);
}

class GuardProcess implements Guard {
  readonly decider: Decider;
  readonly #documents: RolloutDocuments;
  readonly #runners = new Map<string, RolloutRunner>();
  readonly #owner: string;
  readonly #clock: () => number;
  readonly #tickMs: number;
  readonly #around: RunnerSurroundings;
  readonly #alerts = new AlertBoard();
  readonly #queries: QueryWatch;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  #strays: { events: readonly FastLaneEvent[]; trusted: boolean }[] = [];
  #fence: number | undefined;
  #nowMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #running = false;

  constructor(options: GuardOptions) {
    this.#documents = new RolloutDocuments(options.documents);
    this.#owner = options.owner ?? `guard-${Math.random().toString(36).slice(2, 10)}`;
    this.#clock = options.clock ?? Date.now;
    this.#tickMs = Math.min(1000, options.tickMs ?? 400);
    this.#queries = new QueryWatch(options.prometheus, () => this.#now());
    this.#around = {
      documents: this.#documents,
      control: options.control,
      now: () => this.#now(),
      notify: options.notify ?? ((): void => undefined),
      queries: (record) => this.#queries.read(record.id),
      firing: () => this.#alerts.firing(),
      fence: () => this.#fence,
      limits: options.limits ?? {},
    };
    this.decider = createDecider({
      documents: this.#documents,
      control: options.control,
      queries: this.#queries,
      now: () => this.#now(),
      runner: (id) => this.#runner(id),
      kick: (id) => this.#kick(id),
    });
  }

  observe(events: readonly FastLaneEvent[], trust: { readonly scopes: readonly string[] }): ObserveResult {
    const trusted = trust.scopes.includes("telemetry");
    const result = { accepted: 0, ignored: 0, dropped: 0 };
    const strays: FastLaneEvent[] = [];
    for (const event of events) {
      const runners = this.#runnersOf(event);
      if (runners.length === 0) strays.push(event);
      for (const runner of runners) {
        const outcome = runner.add(event, trusted, this.#now());
        if (outcome === "new") result.accepted += 1;
        else if (outcome === "dropped") result.dropped += 1;
        else result.ignored += 1;
        if (outcome === "new") this.#kick(runner.record.id);
      }
    }
    // A rollout another process created a moment ago is not known here yet; its first events wait for the next look.
    if (strays.length > 0 && this.#strays.reduce((sum, batch) => sum + batch.events.length, 0) < mostStrays)
      this.#strays.push({ events: strays.slice(0, mostStrays), trusted });
    else result.ignored += strays.length;
    return result;
  }

  observeAlerts(alerts: readonly InboundAlert[]): void {
    this.#alerts.add(alerts);
  }

  async tick(nowMs?: number): Promise<void> {
    this.#nowMs = nowMs ?? this.#nowMs;
    await this.#look();
    await Promise.all([...this.#runners.keys()].map(async (id) => this.#kick(id)));
    await Promise.all(this.#busy.values());
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  #now(): number {
    return this.#nowMs ?? this.#clock();
  }

  #schedule(inMs: number): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .then(() => {
          for (const id of this.#runners.keys()) this.#kick(id);
        })
        .catch(() => undefined)
        .finally(() => {
          // Whoever waits to take over looks more often: until then nobody decides.
          if (this.#running)
            this.#schedule(this.#fence === undefined ? Math.min(waitingTickMs, this.#tickMs) : this.#tickMs);
        });
    }, inMs);
    this.#timer.unref();
  }

  /** Renews the lease, learns of rollouts other processes created, and asks the queries that are due. */
  async #look(): Promise<void> {
    this.#fence = await this.#documents.lead(this.#owner, leaseMs);
    const ids = await this.#documents.ids("live");
    for (const id of ids) await this.#runner(id);
    for (const id of this.#runners.keys()) if (!ids.includes(id)) this.#runners.delete(id);
    const strays = this.#strays;
    this.#strays = [];
    for (const { events, trusted } of strays)
      for (const event of events)
        for (const runner of this.#runnersOf(event)) runner.add(event, trusted, this.#now());
    if (this.#fence !== undefined)
      for (const runner of this.#runners.values()) this.#queries.ask(runner.record.id, runner.record.plan);
  }

  async #runner(id: string): Promise<RolloutRunner | undefined> {
    const known = this.#runners.get(id);
    if (known !== undefined) return known;
    const stored = await this.#documents.get(id);
    if (stored === undefined) return undefined;
    const runner = this.#runners.get(id) ?? new RolloutRunner(stored, this.#around);
    this.#runners.set(id, runner);
    return runner;
  }

  /** The rollout an event belongs to, and dry runs of other plans for the same flag. */
  #runnersOf(event: FastLaneEvent): readonly RolloutRunner[] {
    const own = this.#runners.get(event.rolloutId);
    const runners = own === undefined ? [] : [own];
    for (const runner of this.#runners.values()) {
      const { plan } = runner.record;
      const same = plan.flagKey === event.flagKey && (event.flagSetId ?? plan.flagSetId) === plan.flagSetId;
      if (plan.dryRun && same && runner !== own) runners.push(runner);
    }
    return runners;
  }

  /** Lets a rollout take a step soon; one at a time, and once more if something came in meanwhile. */
  #kick(id: string): void {
    if (this.#busy.has(id)) {
      this.#again.add(id);
      return;
    }
    const runner = this.#runners.get(id);
    if (runner === undefined) return;
    const work = Promise.resolve()
      .then(async () => runner.step())
      .catch(() => false)
      .then((more) => {
        this.#busy.delete(id);
        if (this.#again.delete(id)) this.#kick(id);
        else if (more && this.#running) setTimeout(() => this.#kick(id), followMs).unref();
      });
    this.#busy.set(id, work);
  }
}
