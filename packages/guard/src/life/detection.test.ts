import { describe, expect, it } from "vitest";
import type { FastLaneEvent } from "../observations/fast-lane-event.ts";
import { ObservationBook } from "../observations/observation-book.ts";
import { expectTreatedBadUnits } from "../statistics/planner.ts";
import { decide } from "./decide.ts";
import { buildPlan, monday } from "./scene.ts";
import { listShares } from "./stage-name.ts";
import { initialState } from "./state.ts";
import type { RolloutState } from "./state.ts";

/** One case: chance of a false kill the guardrail may spend, treated share, true rate ratio, ratio tolerated. */
type Case = readonly [alpha: number, share: number, ratio: number, tolerate: number];

/**
 * The exact median number of treated bad units until a kill, without chance and without the guard's code: how likely each number of control units is
 * at each treated one is carried along, and what would have been enough to kill is taken out. Evidence is written as a product of wins of 24 bets.
 */
function exactMedian([alpha, share, ratio, tolerate]: Case): number {
  const likely = (share * ratio) / (share * ratio + 1 - share);
  const fair = (share * tolerate) / (share * tolerate + 1 - share);
  const bets = Array.from({ length: 24 }, (_, index) => {
    const rate = tolerate * 1.05 * (50 / 1.05) ** (index / 23);
    const bet = (share * rate) / (share * rate + 1 - share);
    return { treated: bet / fair, control: (1 - bet) / (1 - fair) };
  });
  const isEnough = (treated: number, control: number): boolean =>
    bets.reduce((sum, bet) => sum + bet.treated ** treated * bet.control ** control, 0) / 24 >= 1 / alpha;
  let [going, killed] = [[1], 0];
  for (let treated = 1; treated < 5000; treated += 1) {
    // Control units that come before the next treated one: a geometric number of them.
    const next: number[] = [];
    let carried = 0;
    for (let control = 0; control < going.length + 60 / likely; control += 1) {
      carried = (going[control] ?? 0) + carried * (1 - likely);
      next.push(carried * likely);
      if (control >= going.length && carried < 1e-12) break;
    }
    // More control units are weaker evidence: from the first number that is too large on, none is enough.
    const tooMany = treated < 3 ? 0 : next.findIndex((_, control) => !isEnough(treated, control));
    killed += next.slice(0, tooMany).reduce((sum, chance) => sum + chance, 0);
    next.fill(0, 0, tooMany);
    going = next;
    if (killed >= 0.5) return treated;
  }
  return Number.POSITIVE_INFINITY;
}

/** Seeded chance. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
}

const guardrails = {
  error: (tolerate: number) => ({ outcome: "error", tolerate }),
  slow: (tolerate: number) => ({ outcome: "slow", overMs: [250, 1000], tolerate }),
} as const;

/** The median over whole rollouts: events through the book, each followed by a decision, until one kills. */
function guardsMedian(kind: keyof typeof guardrails, [alpha, share, ratio, tolerate]: Case): number {
  // A plan spends four fifths of its alpha on the first run; one guardrail gets all of that.
  const plan = buildPlan({
    stages: [{ percent: share * 100, hold: "1h" }, { percent: 100 }],
    guardrails: [guardrails[kind](tolerate)],
    alpha: alpha / 0.8,
  });
  const stage = plan.stages[0]?.name ?? "";
  const running: RolloutState = { ...initialState, status: "running", stage: 0, slowMs: [250, 1000] };
  const chance = createChance(7);
  const found = Array.from({ length: 101 }, () => {
    const book = new ObservationBook({ treatment: "on", control: "off", shares: listShares(plan, 0) });
    let state = running;
    for (let unit = 0, treated = 0; ; unit += 1) {
      const arm = chance() < (share * ratio) / (share * ratio + 1 - share) ? "treatment" : "control";
      if (arm === "treatment") treated += 1;
      for (const boundMs of kind === "slow" ? [250, 1000] : [undefined]) {
        const event: FastLaneEvent = {
          kind: "outcome",
          flagKey: "dark-mode",
          rolloutId: "r",
          stage,
          arm,
          unit: `u${unit}`,
          source: "server",
          atMs: 0,
          ...(boundMs === undefined ? { outcome: "error" } : { outcome: "slow", boundMs }),
        };
        book.add(event, true, monday);
      }
      const decision = decide(plan, state, book.observe(monday), monday);
      state = decision.state;
      if (state.status === "killed") return treated;
    }
  }).sort((a, b) => a - b);
  return found[50] ?? Number.NaN;
}

const isNear = (found: number, wanted: number): boolean =>
  Math.abs(found - wanted) <= Math.max(1, 0.2 * wanted);

describe("an exact count of what detection takes", () => {
  it("is that of the published simulation", () => {
    const published: readonly (readonly [Case, number])[] = [
      [[0.01, 0.01, 2, 1], 34],
      [[0.01, 0.1, 3, 1], 15],
      [[0.01, 0.5, 10, 1], 12],
      [[0.001, 0.1, 10, 1], 8],
      [[0.001, 0.5, 2, 1], 106],
      [[1e-6, 0.5, 50, 1], 23],
    ];
    const wrong = published.filter(([vector, median]) => !isNear(exactMedian(vector), median));
    expect(wrong).toEqual([]);
  });

  const others: readonly Case[] = [0.05, 0.004, 0.0003].flatMap((alpha) =>
    [0.02, 0.08, 0.2, 0.35, 0.7].flatMap((share) =>
      [
        [1.8, 1],
        [2.6, 1.1],
        [5, 1.25],
        [17, 1.1],
        [120, 2],
      ].map(([ratio = 0, tolerate = 0]): Case => [alpha, share, ratio, tolerate]),
    ),
  );

  it("is what the planner tells for 75 other vectors, within 20 % or one unit", () => {
    const told = others.map(([alpha, share, ratio, tolerate]) => ({
      vector: [alpha, share, ratio, tolerate],
      exact: exactMedian([alpha, share, ratio, tolerate]),
      planner: expectTreatedBadUnits({ alpha, share, ratio, tolerate }),
    }));
    expect(told.filter(({ exact, planner }) => !isNear(planner, exact))).toEqual([]);
  });

  it.each(["error", "slow"] as const)(
    "is what whole rollouts need whose %s guardrail is breached",
    (kind) => {
      const told = others
        .filter((_, index) => index % 5 !== 0 && index % 7 === 0)
        .map((vector) => ({ vector, exact: exactMedian(vector), guard: guardsMedian(kind, vector) }));
      expect(told.filter(({ exact, guard }) => !isNear(guard, exact))).toEqual([]);
    },
  );
});
