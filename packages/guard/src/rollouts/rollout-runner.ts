import { readRollout } from "@flagspan/ruleset/rollout";
import { act } from "../acting/act.ts";
import type { ControlClient } from "../acting/control-client.ts";
import { everywhereWithinMs, followPropagation } from "../acting/verify.ts";
import { applyCommand } from "../life/command.ts";
import type { Command } from "../life/command.ts";
import { decide } from "../life/decide.ts";
import type { Decision } from "../life/decide.ts";
import { listChosen, listShares, nameStage } from "../life/stage-name.ts";
import type { FlagAction, NotifyTopic, RolloutState } from "../life/state.ts";
import { isOver } from "../life/transitions.ts";
import type { FastLaneEvent } from "../observations/fast-lane-event.ts";
import { ObservationBook } from "../observations/observation-book.ts";
import type { BookLimits, BookResult } from "../observations/observation-book.ts";
import type { ArmCounts, Observations, QueryObservation } from "../observations/observations.ts";
import type { RolloutDocuments, StoredRollout } from "./rollout-documents.ts";
import type { DecisionEntry, RolloutRecord, UnitEntry } from "./rollout-record.ts";

/** A message for people; sinks decide where it appears. */
export interface GuardNotice {
  /** Stable: the same when it is told again. */
  readonly id: string;
  readonly topic: NotifyTopic;
  readonly rolloutId: string;
  readonly flagSetId: string;
  readonly flagKey: string;
  /** Name of the stage on the wire, `ready` before the first. */
  readonly stage: string;
  readonly message: string;
  readonly atMs: number;
  /** Distinct units of the stage so far, exposed and with an error, by arm; exposed ones are estimates where they are sampled. */
  readonly evidence: Readonly<Record<NoticeFigure, number>>;
}

/** The figures that go with a notice. */
export type NoticeFigure = "treatedUnits" | "controlUnits" | "treatedErrors" | "controlErrors";

/** What a runner shares with its siblings. */
export interface RunnerSurroundings {
  readonly documents: RolloutDocuments;
  readonly control: ControlClient;
  readonly now: () => number;
  readonly notify: (notice: GuardNotice) => void;
  readonly queries: (record: RolloutRecord) => Readonly<Record<string, QueryObservation>>;
  readonly firing: () => readonly string[];
  /** This process's fencing token, undefined while another one decides. */
  readonly fence: () => number | undefined;
  readonly limits: BookLimits;
}

/** How long an unchanged state may stay unwritten: what a crash can cost of the watched time. */
const saveEveryMs = 15_000;
const mostUnwritten = 10_000;
const intentions: Readonly<Record<FlagAction["kind"], string>> = {
  render: "set the stage",
  kill: "kill",
  finish: "end the rollout",
};
const none: ArmCounts = { treatment: 0, control: 0 };

/**
 * One rollout in one process: keeps its book of units in step with the other processes, and, in the process that decides, judges it and carries the
 * decisions out. Steps run one after the other; every write is a compare-and-swap, so that a process that lost its lease cannot act on a decision.
 */
export class RolloutRunner {
  readonly #around: RunnerSurroundings;
  /** Names this book's own reports in the log; a later book, even in a process of the same name, must read them. */
  readonly #origin: string = globalThis.crypto.randomUUID();
  #stored: StoredRollout;
  #book: ObservationBook;
  #run: number;
  #shares: Map<string, number>;
  #cursor = 0;
  #unwritten: UnitEntry["events"][number][] = [];
  /** Decisions whose state is stored and whose entry in the log is not yet: a kill does not wait for its own record. */
  #unlogged: DecisionEntry[] = [];
  #savedMs = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #lastReasons = "";
  #warnedSinceMs: number | undefined;
  dropped = 0;

  constructor(stored: StoredRollout, around: RunnerSurroundings) {
    this.#stored = stored;
    this.#around = around;
    this.#run = stored.record.state.run;
    this.#shares = this.#listShares();
    this.#book = this.#openBook();
  }

  get record(): RolloutRecord {
    return this.#stored.record;
  }

  get book(): ObservationBook {
    return this.#book;
  }

  /** What a decision at `nowMs` would be made from. */
  observe(nowMs: number): Observations {
    return this.#book.observe(nowMs, this.#around.queries(this.record), this.#around.firing());
  }

  /** Brings record and book up to date with what all processes have stored; a finished rollout is read back from its logs. */
  async load(): Promise<void> {
    await this.#serially(async () => this.#refresh());
  }

  /** Takes one event in at once; the log for the other processes is written with the next step. */
  add(event: FastLaneEvent, trusted: boolean, receivedMs: number): BookResult {
    const result = this.#book.add(event, trusted, receivedMs);
    if (result !== "new") return result;
    if (this.#unwritten.length < mostUnwritten) this.#unwritten.push({ event, trusted, receivedMs });
    else this.dropped += 1;
    return result;
  }

  /** Looks at the store, writes what is new, judges and acts; returns whether another step should follow at once. */
  async step(): Promise<boolean> {
    return this.#serially(async () => {
      await this.#refresh();
      await this.#flushUnits();
      if (this.#around.fence() === undefined) return false;
      const nowMs = this.#around.now();
      const observations = this.observe(nowMs);
      const decision = decide(this.record.plan, this.record.state, observations, nowMs);
      if (!(await this.#commit(decision, observations, nowMs, "tick"))) return true;
      await this.#carryOut();
      await this.#writeLog();
      await this.#follow();
      const { propagation } = this.record.state;
      return propagation !== undefined && propagation.everywhereMs === undefined && !propagation.alarmed;
    });
  }

  /** Applies a command in whichever process it arrives; the deciding one carries it out. */
  async command(
    command: Command,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }> {
    return this.#serially(async () => {
      for (;;) {
        await this.#refresh();
        const nowMs = this.#around.now();
        const answer = applyCommand(this.record.plan, this.record.state, command, nowMs);
        if (!answer.ok) return answer;
        if (await this.#commit(answer, this.observe(nowMs), nowMs, "command")) break;
      }
      if (this.#around.fence() !== undefined) await this.#carryOut();
      await this.#writeLog();
      return { ok: true } as const;
    });
  }

  async #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #refresh(): Promise<void> {
    const stored = await this.#around.documents.get(this.record.id);
    if (stored !== undefined && stored.version !== this.#stored.version) this.#stored = stored;
    if (this.record.state.run !== this.#run) {
      this.#run = this.record.state.run;
      this.#shares = this.#listShares();
      this.#book = this.#openBook();
      this.#cursor = 0;
      this.#unwritten = [];
    }
    if (this.record.plan.dryRun && !isOver(this.record.state.status)) await this.#learnShare();
    this.#cursor = await this.#around.documents.readUnits(
      this.record.id,
      this.#run,
      this.#cursor,
      (entry) => {
        if (entry.origin !== this.#origin)
          for (const { event, trusted, receivedMs } of entry.events)
            this.#book.add(event, trusted, receivedMs);
      },
    );
  }

  /** A dry run sets no stage of its own: it counts in whatever stage the flag is really in, at that stage's share. */
  async #learnShare(): Promise<void> {
    const { flagSetId, flagKey } = this.record.plan;
    const read = await this.#around.control.getFlag(flagSetId, flagKey).catch(() => undefined);
    const step = read === undefined ? undefined : readRollout(read.flag);
    if (step !== undefined) this.#shares.set(step.stage, step.percent / 100);
  }

  #listShares(): Map<string, number> {
    return new Map(listShares(this.record.plan, this.#run));
  }

  async #flushUnits(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    const events = this.#unwritten;
    this.#unwritten = [];
    await this.#around.documents.appendUnits(this.record.id, this.#run, {
      origin: this.#origin,
      events,
    });
  }

  /** Stores a decision and tells about it; false if another process wrote first, in which case nothing of it counts. */
  async #commit(
    decision: Decision,
    observations: Observations,
    nowMs: number,
    cause: DecisionEntry["cause"],
  ): Promise<boolean> {
    const before = this.record.state;
    const codes = JSON.stringify([decision.reasons.map((reason) => reason.code)]);
    const changed =
      cause !== "tick" ||
      decision.actions.length > 0 ||
      codes !== this.#lastReasons ||
      steady(before) !== steady(decision.state);
    if (!changed && nowMs - this.#savedMs < saveEveryMs) {
      this.#stored = {
        ...this.#stored,
        record: { ...this.record, state: decision.state, reasons: decision.reasons },
      };
      return true;
    }
    const reasons = cause === "act" ? this.record.reasons : decision.reasons;
    if (!(await this.#save({ ...this.record, state: decision.state, reasons }, nowMs))) return false;
    this.#lastReasons = codes;
    if (changed)
      this.#unlogged.push({
        atMs: nowMs,
        cause,
        before,
        observations,
        after: decision.state,
        actions: decision.actions,
        reasons: decision.reasons,
      });
    for (const action of decision.actions)
      if (action.kind === "notify") this.#notify(action.topic, action.message, nowMs);
    return true;
  }

  async #save(record: RolloutRecord, nowMs: number): Promise<boolean> {
    const fenced = { ...record, fence: this.#around.fence() ?? record.fence };
    const version = await this.#around.documents.save(fenced, this.#stored.version);
    if (version === "conflict") return false;
    this.#stored = { version, record: fenced };
    this.#savedMs = nowMs;
    return true;
  }

  async #carryOut(): Promise<void> {
    const { pending } = this.record.state;
    if (pending === undefined) return this.#closeIfOver();
    const { now } = this.#around;
    if (this.record.plan.dryRun) {
      const { pending: _, ...state } = this.record.state;
      const text = `dry run, nothing is done; it would ${intentions[pending.kind]}: ${pending.reason}`;
      const reasons = [{ code: "dry-run", text }] as const;
      await this.#commit({ state, actions: [], reasons }, this.observe(now()), now(), "act");
      return this.#closeIfOver();
    }
    const result = await act(this.#around.control, this.record, pending, now, (id) =>
      this.#around.documents.baseOf(id),
    );
    const nowMs = now();
    const { pending: _, pendingSinceMs: __, obstacle: ___, ...rest } = this.record.state;
    if (result.ok) {
      const state: RolloutState = { ...rest, propagation: result.propagation };
      const record = result.base === undefined ? this.record : { ...this.record, base: result.base };
      this.#stored = { ...this.#stored, record };
      const text = `published as revision ${result.propagation.revision}: ${pending.reason}`;
      await this.#commit(
        { state, actions: [], reasons: [{ code: "command", text }] },
        this.observe(nowMs),
        nowMs,
        "act",
      );
      if (pending.kind === "kill") this.#notify("killed", pending.reason, nowMs);
      return this.#closeIfOver();
    }
    if (result.retry) {
      if (this.record.state.obstacle !== result.problem)
        await this.#commit(
          { state: { ...this.record.state, obstacle: result.problem }, actions: [], reasons: [] },
          this.observe(nowMs),
          nowMs,
          "act",
        );
      this.#warnOfDelay(pending, result.problem, nowMs);
      return;
    }
    const state: RolloutState = {
      ...rest,
      status: isOver(rest.status) || rest.status === "killed" ? rest.status : "paused",
      obstacle: result.problem,
    };
    await this.#commit(
      {
        state,
        actions: [{ kind: "notify", topic: "paused", message: result.problem }],
        reasons: [{ code: "flag-changed", text: result.problem }],
      },
      this.observe(nowMs),
      nowMs,
      "act",
    );
  }

  /** Tells people once when a kill cannot even be published. */
  #warnOfDelay(pending: FlagAction, problem: string, nowMs: number): void {
    const { pendingSinceMs = nowMs } = this.record.state;
    if (pending.kind !== "kill" || nowMs - pendingSinceMs < everywhereWithinMs) return;
    if (this.#warnedSinceMs === pendingSinceMs) return;
    this.#warnedSinceMs = pendingSinceMs;
    const { flagKey } = this.record.plan;
    this.#notify("alarm", `${flagKey}: the kill is not published 10 s after the decision: ${problem}`, nowMs);
  }

  async #writeLog(): Promise<void> {
    for (let entry = this.#unlogged[0]; entry !== undefined; entry = this.#unlogged[0]) {
      await this.#around.documents.appendDecision(this.record.id, entry);
      this.#unlogged.shift();
    }
  }

  /** Asks control who has applied the last change, until everybody has or the alarm was raised. */
  async #follow(): Promise<void> {
    const { propagation } = this.record.state;
    if (propagation === undefined || propagation.everywhereMs !== undefined || propagation.alarmed) return;
    const report = await this.#around.control
      .applied(this.record.plan.flagSetId, propagation.revision)
      .catch(() => undefined);
    const nowMs = this.#around.now();
    const followed = followPropagation(propagation, report, nowMs);
    if (JSON.stringify(followed.propagation) === JSON.stringify(propagation)) return;
    const state = { ...this.record.state, propagation: followed.propagation };
    const record = { ...this.record, state };
    const isOnTheWay = followed.propagation.everywhereMs === undefined && followed.alarm === undefined;
    // While hundreds of instances follow, each look sees other counts: those are stored once a second.
    if (isOnTheWay && nowMs - this.#savedMs < 1000) this.#stored = { ...this.#stored, record };
    else await this.#save(record, nowMs);
    if (followed.alarm !== undefined)
      this.#notify("alarm", `${this.record.plan.flagKey}: ${followed.alarm}`, nowMs);
  }

  async #closeIfOver(): Promise<void> {
    if (isOver(this.record.state.status)) await this.#around.documents.close(this.record.id);
  }

  #notify(topic: NotifyTopic, message: string, atMs: number): void {
    const { id, plan, state } = this.record;
    // A kill that follows a breach is told about the stage it happened in.
    const stage = state.breach?.stage ?? nameStage(plan, state.stage, state.run);
    const { stages, sample } = this.observe(atMs);
    const seen = stages[stage];
    const exposed = seen?.exposed ?? none;
    const errors = seen?.outcomes["error"]?.units ?? none;
    this.#around.notify({
      id: `${id}:${topic}:${atMs}`,
      topic,
      rolloutId: id,
      flagSetId: plan.flagSetId,
      flagKey: plan.flagKey,
      stage,
      message: plan.dryRun ? `dry run, nothing is done: ${message}` : message,
      atMs,
      evidence: {
        treatedUnits: exposed.treatment * sample,
        controlUnits: exposed.control * sample,
        treatedErrors: errors.treatment,
        controlErrors: errors.control,
      },
    });
  }

  #openBook(): ObservationBook {
    const { plan } = this.record;
    return new ObservationBook(
      {
        treatment: plan.treatment,
        control: plan.control,
        shares: this.#shares,
        chosen: listChosen(plan, this.#run),
      },
      this.#around.limits,
    );
  }
}

/** A state without what changes with every tick. */
function steady(state: RolloutState): string {
  const { elapsedMs: _, decidedMs: __, largest: ___, ...rest } = state;
  return JSON.stringify(rest);
}
