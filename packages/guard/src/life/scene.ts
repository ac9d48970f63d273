import { noObservations } from "../observations/observations.ts";
import type {
  ArmCounts,
  Observations,
  OutcomeCounts,
  StageObservations,
} from "../observations/observations.ts";
import { parsePlan } from "../plan/parse-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { applyCommand } from "./command.ts";
import type { Command } from "./command.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import { listShares, nameStage } from "./stage-name.ts";
import { initialState } from "./state.ts";
import type { RolloutState } from "./state.ts";

/** Monday morning, outside every freeze of these tests. */
export const monday: number = Date.parse("2026-11-23T10:00:00Z");

/** Builds a plan for tests of what follows from it. */
export function buildPlan(fields: Readonly<Record<string, unknown>> = {}): Plan {
  const parsed = parsePlan({
    set: "shop.prod",
    flag: "dark-mode",
    stages: "internal,1%,10%,50%,100%",
    hold: "10m",
    ...fields,
  });
  if (!parsed.ok) throw new Error(parsed.issues.map((issue) => issue.message).join(" "));
  return parsed.plan;
}

const none: ArmCounts = { treatment: 0, control: 0 };

/** Counts of one outcome in which every unit is new, trusted and sampled. */
export function bad(treatment: number, control: number, signal: ArmCounts = none): OutcomeCounts {
  const units = { treatment, control };
  return { first: units, units, sampled: units, signal };
}

/** What a test lets be seen in one stage. */
export interface Seen {
  readonly exposed?: readonly [number, number];
  readonly outcomes?: Readonly<Record<string, OutcomeCounts>>;
}

/** A rollout that a test walks through time: the machine without store, network or clock. */
export class Scene {
  readonly plan: Plan;
  state: RolloutState = initialState;
  nowMs: number = monday;
  last: Decision = { state: initialState, actions: [], reasons: [] };
  #stages: Record<string, StageObservations> = {};
  more: Partial<Observations> = {};

  constructor(plan: Plan = buildPlan()) {
    this.plan = plan;
  }

  get observations(): Observations {
    return {
      ...noObservations,
      stages: this.#stages,
      lastExposureMs: this.nowMs,
      unitsPerSecond: 5,
      ...this.more,
    };
  }

  get stage(): string {
    return nameStage(this.plan, this.state.stage, this.state.run);
  }

  /** Lets units be seen in the current stage (or the one named). */
  see({ exposed = [10, 90], outcomes = {} }: Seen, stage: string = this.stage): this {
    const share = listShares(this.plan, this.state.run).get(stage) ?? 0;
    this.#stages = {
      ...this.#stages,
      [stage]: { share, exposed: { treatment: exposed[0], control: exposed[1] }, outcomes },
    };
    return this;
  }

  /** Gives a command; throws if it is refused. */
  tell(verb: Command["verb"], more: Partial<Command> = {}): this {
    const answer = this.ask(verb, more);
    if (!answer.ok) throw new Error(answer.problem);
    this.#take(answer);
    return this;
  }

  /** Asks what a command would lead to. */
  ask(verb: Command["verb"], more: Partial<Command> = {}): ReturnType<typeof applyCommand> {
    return applyCommand(this.plan, this.state, { verb, actor: "ann", ...more }, this.nowMs);
  }

  /** Lets time pass in looks of `stepMs`; what is decided counts as published at once. */
  pass(ms: number, stepMs = 30_000): this {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.nowMs += Math.min(stepMs, ms - passed);
      this.look();
    }
    return this;
  }

  look(): this {
    this.#take(decide(this.plan, this.state, this.observations, this.nowMs));
    return this;
  }

  /** Goes to the running stage of this name, with healthy traffic on the way. */
  reach(stage: string): this {
    if (this.state.status === "draft") this.tell("start").look();
    for (let guard = 0; guard < 1000 && this.stage !== stage; guard += 1) {
      this.see({}).pass(30_000);
      if (this.state.status === "awaiting-approval") this.tell("approve", { scopes: ["write", "admin"] });
    }
    if (this.stage !== stage) throw new Error(`never reached ${stage}: ${JSON.stringify(this.last.reasons)}`);
    return this;
  }

  get codes(): readonly string[] {
    return this.last.reasons.map((reason) => reason.code);
  }

  #take(decision: Decision): void {
    this.last = decision;
    const { pending, pendingSinceMs: _, ...state } = decision.state;
    if (decision.state.run !== this.state.run) this.#stages = {};
    const published = {
      revision: "1",
      decidedMs: this.nowMs,
      publishedMs: this.nowMs,
      connected: 1,
      applied: 1,
      everywhereMs: this.nowMs,
      alarmed: false,
    };
    this.state =
      pending === undefined ? state : { ...state, propagation: { ...published, kind: pending.kind } };
  }
}
