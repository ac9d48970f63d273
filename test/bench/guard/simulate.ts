// A shop without a fault, rolled out and watched every second: whatever the guard kills here, it kills falsely.
//
// Everything that makes naive counting lie is in it: several processes see the same user, a few users send most requests, some fail far more often
// than others, some are always treated or never, percentages rise while the base rate drifts, processes learn of a new stage late, and an incident
// hits both arms. `mistake` plays one well-known way of counting instead of ours.
import {
  applyCommand,
  decide,
  initialState,
  listShares,
  nameStage,
  ObservationBook,
  parsePlan,
} from "@flagspan/guard";
import type { Arm, Observations, Plan, RolloutState } from "@flagspan/guard";
import { createChance } from "./random.ts";
import type { Chance } from "./random.ts";

/** A way of counting that is known to be wrong. */
export type Mistake = "requests" | "pooled stages" | "summed exposures" | "no twins";

/** What is simulated. */
export interface SimulationOptions {
  readonly seed: number;
  readonly mistake?: Mistake;
  /** How many times more often treated users fail; 1 is a harmless change. */
  readonly ratio?: number;
}

/** How one rollout ended. */
export interface SimulationResult {
  readonly killed: boolean;
  readonly sampleRatioAlarm: boolean;
  readonly completed: boolean;
  readonly seconds: number;
  readonly units: number;
  readonly processes: number;
}

const users = 600;
const stageSeconds = 40;
const requestsPerSecond = 60;
const startMs = Date.parse("2026-11-18T10:00:00Z");

/** The plan every simulated rollout follows: errors and two latency bounds, no tolerance. */
export const simulatedPlan: Plan = (() => {
  const parsed = parsePlan({
    set: "shop.prod",
    flag: "dark-mode",
    stages: [1, 5, 10, 50].map((percent) => ({ percent, hold: `${stageSeconds}s` })),
    guardrails: [
      { outcome: "error", tolerate: 1 },
      { outcome: "slow", overMs: [250, 900], tolerate: 1 },
    ],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.plan;
})();

interface User {
  readonly id: string;
  /** Place in the split, 0 to 1. */
  readonly place: number;
  readonly failing: number;
  readonly fixed: Arm | undefined;
}

interface Process {
  stage: number;
  /** Users by index and stage: what this process has reported already. */
  readonly exposed: Set<number>;
  readonly failed: Set<number>;
  fresh: Record<Arm, string[]>;
}

/** Plays one rollout to its end; a function of its options. */
export function simulateRollout(options: SimulationOptions): SimulationResult {
  const chance = createChance(options.seed);
  const plan = simulatedPlan;
  const shares = listShares(plan, 0);
  const book = new ObservationBook({ treatment: plan.treatment, control: plan.control, shares });
  const { people, visits } = createUsers(chance);
  const processes: Process[] = Array.from({ length: 1 + chance.below(10) }, () => ({
    stage: 0,
    exposed: new Set(),
    failed: new Set(),
    fresh: { treatment: [], control: [] },
  }));
  const incidentAt = chance.below(4 * stageSeconds);
  const summed = new Map<string, { treatment: number; control: number }>();
  const stageNames = plan.stages.map((_, index) => nameStage(plan, index, 0));
  const report = (
    outcome: "error" | "slow",
    unit: string,
    stage: string,
    arm: Arm,
    nowMs: number,
    boundMs?: number,
  ): void => {
    const known = { kind: "outcome", outcome, unit, stage, arm, source: "server", atMs: nowMs } as const;
    const bound = boundMs === undefined ? {} : { boundMs };
    book.add({ ...known, ...bound, flagKey: plan.flagKey, rolloutId: "simulated" }, true, nowMs);
  };
  let requests = 0;
  let state = start(plan);
  let sampleRatioAlarm = false;
  for (let second = 0; second < 6 * stageSeconds; second += 1) {
    const nowMs = startMs + second * 1000;
    const incident = second >= incidentAt && second < incidentAt + 20 ? 10 : 1;
    // The base rate rises with the percentage: the setting in which pooled stages find a harm that is none.
    const base = Math.min(1, 0.05 + (second / (3.5 * stageSeconds)) ** 2);
    for (let request = chance.poisson(requestsPerSecond / 10) * 10; request > 0; request -= 1) {
      const process = processes[chance.below(processes.length)] as Process;
      if (process.stage !== state.stage && chance.next() < 0.2) process.stage = state.stage;
      const index = visits[chance.below(visits.length)] as number;
      const user = people[index] as User;
      const { percent } = plan.stages[process.stage] as { percent: number };
      const arm = armOf(user, percent, options.mistake);
      const luck = chance.next();
      if (arm === undefined) continue;
      const stage = stageNames[process.stage] as string;
      const key = process.stage * users + index;
      if (!process.exposed.has(key)) {
        process.exposed.add(key);
        process.fresh[arm].push(user.id);
        if (chance.next() < 0.1) report("slow", user.id, stage, arm, nowMs, 250);
        if (chance.next() < 0.01) report("slow", user.id, stage, arm, nowMs, 900);
      }
      const harm = arm === "treatment" ? (options.ratio ?? 1) : 1;
      if (luck >= Math.min(1, user.failing * base * incident * harm)) continue;
      if (options.mistake === "requests") {
        requests += 1;
        report("error", `${user.id}#${requests}`, stage, arm, nowMs);
      } else if (!process.failed.has(key)) {
        process.failed.add(key);
        report("error", user.id, stage, arm, nowMs);
      }
    }
    flushExposures(processes, plan, book, summed, nowMs);
    const seen = distort(book.observe(nowMs), plan, shares, summed, options.mistake);
    const decision = decide(plan, state, seen, nowMs);
    sampleRatioAlarm ||= decision.reasons.some((reason) => reason.code === "sample-ratio");
    // What the guard publishes is there at once: the processes' own delay is simulated above.
    const { pending: _, ...published } = decision.state;
    state = published;
    if (sampleRatioAlarm || state.status === "killed" || state.status === "completed")
      return finish(state, sampleRatioAlarm, second, processes.length);
  }
  return finish(state, sampleRatioAlarm, 6 * stageSeconds, processes.length);
}

function finish(
  state: RolloutState,
  sampleRatioAlarm: boolean,
  seconds: number,
  processes: number,
): SimulationResult {
  return {
    killed: state.status === "killed",
    completed: state.status === "completed",
    sampleRatioAlarm,
    seconds,
    units: users,
    processes,
  };
}

function start(plan: Plan): RolloutState {
  const started = applyCommand(plan, initialState, { verb: "start", actor: "simulation" }, startMs);
  if (!started.ok) throw new Error(started.problem);
  const { pending: _, ...state } = decide(
    plan,
    started.state,
    new ObservationBook({ treatment: "on", control: "off", shares: new Map() }).observe(startMs),
    startMs,
  ).state;
  return state;
}

function createUsers(chance: Chance): { people: readonly User[]; visits: readonly number[] } {
  const people: User[] = [];
  const visits: number[] = [];
  for (let index = 0; index < users; index += 1) {
    const kind = chance.next();
    people.push({
      id: `u${index}-${chance.below(1_000_000).toString(36)}`,
      place: chance.next(),
      failing: chance.next() < 0.05 ? 0.4 : 0.004,
      // Chosen users (2 %) always get the treatment, some others never do by a rule of the flag's own.
      fixed: kind < 0.02 ? "treatment" : kind < 0.05 ? "control" : undefined,
    });
    const weight = chance.next() < 0.03 ? 80 : 1 + Math.floor(-Math.log(1 - chance.next()) * 5);
    for (let visit = 0; visit < weight; visit += 1) visits.push(index);
  }
  return { people, visits };
}

/** The arm a user counts in; undefined for the twin variants, which the rollout's own split did not decide. */
function armOf(user: User, percent: number, mistake: Mistake | undefined): Arm | undefined {
  if (user.fixed !== undefined) return mistake === "no twins" ? user.fixed : undefined;
  return user.place < percent / 100 ? "treatment" : "control";
}

function flushExposures(
  processes: readonly Process[],
  plan: Plan,
  book: ObservationBook,
  summed: Map<string, { treatment: number; control: number }>,
  nowMs: number,
): void {
  for (const process of processes) {
    const stage = nameStage(plan, process.stage, 0);
    for (const arm of ["treatment", "control"] as const) {
      const units = process.fresh[arm];
      if (units.length === 0) continue;
      process.fresh[arm] = [];
      const sum = summed.get(stage) ?? { treatment: 0, control: 0 };
      sum[arm] += units.length;
      summed.set(stage, sum);
      book.add(
        {
          kind: "exposures",
          flagKey: plan.flagKey,
          rolloutId: "simulated",
          stage,
          arm,
          source: "server",
          units,
          sample: 1,
          atMs: nowMs,
        },
        true,
        nowMs,
      );
    }
  }
}

/** Shows the guard what a counter that makes the mistake would have shown it. */
function distort(
  seen: Observations,
  plan: Plan,
  shares: ReadonlyMap<string, number>,
  summed: ReadonlyMap<string, { readonly treatment: number; readonly control: number }>,
  mistake: Mistake | undefined,
): Observations {
  if (mistake === "summed exposures")
    return {
      ...seen,
      sampleRatio: [...summed].map(([stage, counts]) => ({ share: shares.get(stage) ?? 0, ...counts })),
    };
  if (mistake === "pooled stages") return pool(seen, plan);
  return seen;
}

/** One stratum for all stages, with the treated share of all exposed users. */
function pool(seen: Observations, plan: Plan): Observations {
  const stages = Object.entries(seen.stages).filter(([, stage]) => stage.share > 0);
  const sum = (pick: (stage: (typeof stages)[number][1]) => number): number =>
    stages.reduce((total, [, stage]) => total + pick(stage), 0);
  const treatment = sum((stage) => stage.exposed.treatment);
  const control = sum((stage) => stage.exposed.control);
  const outcomes = Object.fromEntries(
    ["error", "slow:250", "slow:900"].map((outcome) => {
      const units = {
        treatment: sum((stage) => stage.outcomes[outcome]?.first.treatment ?? 0),
        control: sum((stage) => stage.outcomes[outcome]?.first.control ?? 0),
      };
      return [outcome, { first: units, units, sampled: units, signal: { treatment: 0, control: 0 } }];
    }),
  );
  const share = treatment + control === 0 ? 0 : treatment / (treatment + control);
  const name = nameStage(plan, plan.stages.length, 0);
  return {
    ...seen,
    stages: {
      ...Object.fromEntries(stages.map(([stage, counts]) => [stage, { ...counts, outcomes: {} }])),
      [name]: { share, exposed: { treatment, control }, outcomes },
    },
  };
}
